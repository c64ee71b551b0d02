/**
 * What a camera says about its media by ONVIF: its profiles, and where their streams and pictures are.
 * Media (ver10, ONVIF Media Service Specification) where the camera has it, else Media2 (ver20).
 */
import { StreamError } from '../../core/errors.ts';
import { connectDevice, type DeviceClient } from './device-client.ts';
import { find, findAll, textAt, type XmlElement, xml } from './xml.ts';

export interface CameraProfile {
  readonly token: string;
  readonly name: string;
  /** As the camera writes it: `H264`, `H265`, `JPEG`; '' where it doesn't tell. */
  readonly encoding: string;
  /** Pixels; 0 where not known. */
  readonly width: number;
  readonly height: number;
  /** The names that its video source goes by: of the configuration, and of the source itself. */
  readonly sources: readonly string[];
  /** How it is moved; undefined where it isn't. */
  readonly ptz: { readonly node: string; readonly moves: boolean; readonly zooms: boolean } | undefined;
}

export interface OnvifCamera {
  readonly device: DeviceClient;
  profiles(): Promise<readonly CameraProfile[]>;
  /** Addresses as the camera tells them. */
  streamUri(profile: string): Promise<string>;
  snapshotUri(profile: string): Promise<string>;
}

const MAXIMUM_PROFILES = 100;

/** Finds the camera's media service. Rejects with StreamError. */
export async function connectCamera(url: string, signal: AbortSignal): Promise<OnvifCamera> {
  const device = await connectDevice(url, signal);
  const { session, where, services } = device;
  const path = services.media ?? services.media2;
  if (path === undefined) throw new StreamError('unsupported', `${where}: the camera has no media service`);
  const isMedia2 = services.media === undefined;

  async function uriOf(answer: Promise<XmlElement>): Promise<string> {
    const content = await answer;
    const uri = textAt(content, 'MediaUri', 'Uri') || textAt(content, 'Uri');
    if (uri) return uri;
    throw new StreamError('protocol', `${where}: the camera gave no address`);
  }

  return {
    device,
    async profiles() {
      const request = isMedia2
        ? xml`<tr2:GetProfiles><tr2:Type>VideoSource</tr2:Type><tr2:Type>VideoEncoder</tr2:Type><tr2:Type>PTZ</tr2:Type></tr2:GetProfiles>`
        : xml`<trt:GetProfiles/>`;
      const profiles = findAll(await session.call(path, request), 'Profiles').flatMap(readProfile);
      if (profiles.length > 0) return profiles.slice(0, MAXIMUM_PROFILES);
      throw new StreamError('not_found', `${where}: the camera has no profiles`);
    },

    streamUri: (profile) =>
      uriOf(
        session.call(
          path,
          isMedia2
            ? xml`<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol><tr2:ProfileToken>${profile}</tr2:ProfileToken></tr2:GetStreamUri>`
            : xml`<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup><trt:ProfileToken>${profile}</trt:ProfileToken></trt:GetStreamUri>`,
        ),
      ),

    snapshotUri: (profile) =>
      uriOf(
        session.call(
          path,
          isMedia2
            ? xml`<tr2:GetSnapshotUri><tr2:ProfileToken>${profile}</tr2:ProfileToken></tr2:GetSnapshotUri>`
            : xml`<trt:GetSnapshotUri><trt:ProfileToken>${profile}</trt:ProfileToken></trt:GetSnapshotUri>`,
        ),
      ),
  };
}

/**
 * The profile that a source's `?subtype=` means; '' the first. A number counts from 0, and what is out of range may
 * still be a token. Throws StreamError `not_found`.
 */
export function chooseProfile(profiles: readonly CameraProfile[], subtype: string): CameraProfile {
  const byIndex = /^\d{0,4}$/.test(subtype) ? profiles[Number(subtype)] : undefined;
  const profile = byIndex ?? profiles.find(({ token }) => token === subtype);
  if (profile) return profile;
  const known = profiles.map(({ token }) => token).join(', ');
  throw new StreamError('not_found', `the camera has no profile ${subtype}, only: ${known.slice(0, 200)}`);
}

function readProfile(profile: XmlElement): CameraProfile[] {
  const token = profile.attributes.get('token');
  if (!token) return [];
  const part = (name: string): XmlElement | undefined =>
    find(profile, `${name}Configuration`) ?? find(profile, 'Configurations', name);
  const encoder = part('VideoEncoder');
  const source = part('VideoSource');
  const ptz = part('PTZ');
  return [
    {
      token,
      name: textAt(profile, 'Name'),
      encoding: textAt(encoder, 'Encoding'),
      width: Number.parseInt(textAt(encoder, 'Resolution', 'Width'), 10) || 0,
      height: Number.parseInt(textAt(encoder, 'Resolution', 'Height'), 10) || 0,
      sources: [source?.attributes.get('token') ?? '', textAt(source, 'SourceToken')].filter(Boolean),
      ptz: ptz && {
        node: textAt(ptz, 'NodeToken'),
        moves: textAt(ptz, 'DefaultContinuousPanTiltVelocitySpace') !== '',
        zooms: textAt(ptz, 'DefaultContinuousZoomVelocitySpace') !== '',
      },
    },
  ];
}

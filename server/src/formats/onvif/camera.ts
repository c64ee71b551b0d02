/**
 * What a camera says about itself by ONVIF: its profiles, and where their streams and pictures are.
 * Media (ver10, ONVIF Media Service Specification) where the camera has it, else Media2 (ver20).
 */
import { StreamError } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../net/url.ts';
import { createSession } from './session.ts';
import { NAMESPACES } from './soap.ts';
import { find, findAll, textAt, type XmlElement, xml } from './xml.ts';

export interface CameraProfile {
  readonly token: string;
  readonly name: string;
  /** As the camera writes it: `H264`, `H265`, `JPEG`; '' where it doesn't tell. */
  readonly encoding: string;
  /** Pixels; 0 where not known. */
  readonly width: number;
  readonly height: number;
}

export interface OnvifCamera {
  profiles(): Promise<readonly CameraProfile[]>;
  /** Addresses as the camera tells them. */
  streamUri(profile: string): Promise<string>;
  snapshotUri(profile: string): Promise<string>;
  /** Manufacturer and model; '' where it doesn't tell. */
  description(): Promise<string>;
}

interface MediaService {
  readonly path: string;
  readonly isMedia2: boolean;
}

const DEVICE_PATH = '/onvif/device_service';
const MAXIMUM_PROFILES = 100;

/** Finds the camera's media service. Rejects with StreamError. */
export async function connectCamera(url: string, signal: AbortSignal): Promise<OnvifCamera> {
  const address = parseAddress(url);
  const session = createSession(address, signal);
  const path = address.target.replace(/\?.*$/, '');
  const device = path === '' || path === '/' ? DEVICE_PATH : path;
  const where = formatAddress({ ...address, target: '' });
  await session.readClock(device);
  const media = await findMedia();

  async function findMedia(): Promise<MediaService> {
    const media = await byCapabilities().catch(rethrowUnless('unsupported', 'protocol', 'not_found'));
    return media ?? (await byServices());
  }

  async function byCapabilities(): Promise<MediaService | undefined> {
    const request = xml`<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>`;
    const answer = await session.call(device, request);
    const address = textAt(answer, 'Capabilities', 'Media', 'XAddr');
    return address ? { path: pathOf(address), isMedia2: false } : undefined;
  }

  async function byServices(): Promise<MediaService> {
    const request = xml`<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>`;
    const services = findAll(await session.call(device, request), 'Service');
    for (const namespace of [NAMESPACES.trt, NAMESPACES.tr2]) {
      const service = services.find((item) => textAt(item, 'Namespace') === namespace);
      const address = textAt(service, 'XAddr');
      if (address) return { path: pathOf(address), isMedia2: namespace === NAMESPACES.tr2 };
    }
    throw new StreamError('unsupported', `${where}: the camera has no media service`);
  }

  async function uriOf(answer: Promise<XmlElement>): Promise<string> {
    const content = await answer;
    const uri = textAt(content, 'MediaUri', 'Uri') || textAt(content, 'Uri');
    if (uri) return uri;
    throw new StreamError('protocol', `${where}: the camera gave no address`);
  }

  return {
    async profiles() {
      const request = media.isMedia2
        ? xml`<tr2:GetProfiles><tr2:Type>VideoEncoder</tr2:Type></tr2:GetProfiles>`
        : xml`<trt:GetProfiles/>`;
      const profiles = findAll(await session.call(media.path, request), 'Profiles').flatMap(readProfile);
      if (profiles.length > 0) return profiles.slice(0, MAXIMUM_PROFILES);
      throw new StreamError('not_found', `${where}: the camera has no profiles`);
    },

    streamUri: (profile) =>
      uriOf(
        session.call(
          media.path,
          media.isMedia2
            ? xml`<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol><tr2:ProfileToken>${profile}</tr2:ProfileToken></tr2:GetStreamUri>`
            : xml`<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup><trt:ProfileToken>${profile}</trt:ProfileToken></trt:GetStreamUri>`,
        ),
      ),

    snapshotUri: (profile) =>
      uriOf(
        session.call(
          media.path,
          media.isMedia2
            ? xml`<tr2:GetSnapshotUri><tr2:ProfileToken>${profile}</tr2:ProfileToken></tr2:GetSnapshotUri>`
            : xml`<trt:GetSnapshotUri><trt:ProfileToken>${profile}</trt:ProfileToken></trt:GetSnapshotUri>`,
        ),
      ),

    async description() {
      const answer = await session
        .call(device, xml`<tds:GetDeviceInformation/>`)
        .catch(rethrowUnless('unsupported', 'protocol', 'not_found'));
      return [textAt(answer, 'Manufacturer'), textAt(answer, 'Model')].filter(Boolean).join(' ');
    },
  };
}

function readProfile(profile: XmlElement): CameraProfile[] {
  const token = profile.attributes.get('token');
  if (!token) return [];
  const encoder =
    find(profile, 'VideoEncoderConfiguration') ?? find(profile, 'Configurations', 'VideoEncoder');
  return [
    {
      token,
      name: textAt(profile, 'Name'),
      encoding: textAt(encoder, 'Encoding'),
      width: Number.parseInt(textAt(encoder, 'Resolution', 'Width'), 10) || 0,
      height: Number.parseInt(textAt(encoder, 'Resolution', 'Height'), 10) || 0,
    },
  ];
}

/** Path and query alone: behind a router, cameras name hosts and ports that only they can reach. */
function pathOf(address: string): string {
  const url = URL.parse(address.trim(), 'http://camera');
  if (!url) throw new StreamError('protocol', `not the address of a service: ${address.slice(0, 200)}`);
  return url.pathname + url.search;
}

/** For failures that another way may get round: they become undefined. */
function rethrowUnless(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (error instanceof StreamError && codes.includes(error.code)) return undefined;
    throw error;
  };
}

/**
 * Moving an ONVIF camera (ONVIF PTZ Service Specification §5.3 and §5.4).
 *
 *   GetNode          which velocities it knows, and their ranges (mostly -1 to 1)
 *   ContinuousMove   { ProfileToken, Velocity { PanTilt x y, Zoom x }, Timeout }     until Stop, or the timeout
 *   Stop, GetPresets, GotoPreset
 */
import { StreamError } from '../../core/errors.ts';
import { parseAddress } from '../../net/url.ts';
import type { PtzModule } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { type CameraProfile, chooseProfile, connectCamera } from './camera.ts';
import { undefinedFor } from './device-client.ts';
import type { Prefix } from './soap.ts';
import { find, findAll, textAt, type XmlElement, xml } from './xml.ts';

const PREFIXES: readonly Prefix[] = ['tptz', 'tt'];
/** Should nobody be there to stop it. */
const MOVE_TIMEOUT_S = 10;
/** Some cameras list all 300 places, set or not. */
const MAXIMUM_PRESETS = 64;

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

export const open: PtzModule['open'] = async (text, { signal }) => {
  const { url } = parseSourceText(text);
  const query = new URLSearchParams(/\?(.*)$/s.exec(parseAddress(url).target)?.[1] ?? '');
  const camera = await connectCamera(url, signal);
  const { session, services, where } = camera.device;
  const path = services.ptz;
  if (path === undefined) return undefined;
  const profile = movableProfile(await camera.profiles(), query.get('subtype') ?? '');
  if (!profile?.ptz) return undefined;
  const { token } = profile;

  const call = (request: ReturnType<typeof xml>): Promise<XmlElement> =>
    session.call(path, request, { prefixes: PREFIXES });
  const refused = undefinedFor('unsupported', 'protocol', 'not_found');
  const node = await call(
    xml`<tptz:GetNode><tptz:NodeToken>${profile.ptz.node}</tptz:NodeToken></tptz:GetNode>`,
  ).catch(refused);
  const spaces = find(node, 'PTZNode', 'SupportedPTZSpaces');
  const panTilt = find(spaces, 'ContinuousPanTiltVelocitySpace');
  const zoom = find(spaces, 'ContinuousZoomVelocitySpace');
  const move = spaces ? panTilt !== undefined : profile.ptz.moves;
  const zooms = spaces ? zoom !== undefined : profile.ptz.zooms;
  const listed = await call(
    xml`<tptz:GetPresets><tptz:ProfileToken>${token}</tptz:ProfileToken></tptz:GetPresets>`,
  ).catch(refused);
  const presets = readPresets(listed);
  if (!move && !zooms && presets.size === 0) return undefined;
  /** Some cameras refuse a move that says how long it may take. */
  let withTimeout = true;
  /** What moves. What is left out of a request stays as it is, and some cameras take one of the two only. */
  const moving = { panTilt: false, zoom: false };
  const stop = async (): Promise<void> => {
    moving.panTilt = moving.zoom = false;
    await call(
      xml`<tptz:Stop><tptz:ProfileToken>${token}</tptz:ProfileToken><tptz:PanTilt>${move}</tptz:PanTilt><tptz:Zoom>${zooms}</tptz:Zoom></tptz:Stop>`,
    );
  };

  return {
    capabilities: { move, zoom: zooms, presets: [...presets.keys()] },

    async move(velocity) {
      if (velocity.pan === 0 && velocity.tilt === 0 && velocity.zoom === 0) return stop();
      const x = scale(velocity.pan, rangeOf(panTilt, 'XRange'));
      const y = scale(velocity.tilt, rangeOf(panTilt, 'YRange'));
      const z = scale(velocity.zoom, rangeOf(zoom, 'XRange'));
      const turns = move && (x !== 0 || y !== 0 || moving.panTilt);
      const zoomsNow = zooms && (z !== 0 || moving.zoom);
      if (!turns && !zoomsNow) return;
      const parts = [
        ...(turns ? [xml`<tt:PanTilt x="${x}" y="${y}"/>`] : []),
        ...(zoomsNow ? [xml`<tt:Zoom x="${z}"/>`] : []),
      ];
      moving.panTilt = turns && (x !== 0 || y !== 0);
      moving.zoom = zoomsNow && z !== 0;
      const request = () =>
        xml`<tptz:ContinuousMove><tptz:ProfileToken>${token}</tptz:ProfileToken><tptz:Velocity>${parts}</tptz:Velocity>${withTimeout ? xml`<tptz:Timeout>PT${MOVE_TIMEOUT_S}S</tptz:Timeout>` : undefined}</tptz:ContinuousMove>`;
      try {
        await call(request());
      } catch (error) {
        if (!withTimeout) throw error;
        refused(error);
        withTimeout = false;
        await call(request());
      }
    },

    stop,

    async preset(name) {
      const preset = presets.get(name);
      if (preset === undefined) throw new StreamError('not_found', `${where}: no preset ${name}`);
      await call(
        xml`<tptz:GotoPreset><tptz:ProfileToken>${token}</tptz:ProfileToken><tptz:PresetToken>${preset}</tptz:PresetToken></tptz:GotoPreset>`,
      );
    },
  };
};

/** The profile of the source where that can be moved, else another one of the same lens: sub streams often have no PTZ. */
function movableProfile(profiles: readonly CameraProfile[], subtype: string): CameraProfile | undefined {
  const chosen = chooseProfile(profiles, subtype);
  if (chosen.ptz) return chosen;
  return profiles.find(({ ptz, sources }) => ptz && sources.some((token) => chosen.sources.includes(token)));
}

/** Tokens by name. Names that occur twice, and presets without one, go by their token. */
function readPresets(answer: XmlElement | undefined): ReadonlyMap<string, string> {
  const presets = new Map<string, string>();
  for (const preset of findAll(answer, 'Preset').slice(0, MAXIMUM_PRESETS)) {
    const token = preset.attributes.get('token');
    if (!token) continue;
    const name = textAt(preset, 'Name').slice(0, 100);
    presets.set(name === '' || presets.has(name) ? token : name, token);
  }
  return presets;
}

function rangeOf(space: XmlElement | undefined, name: 'XRange' | 'YRange'): Range {
  const [minimum, maximum] = ['Min', 'Max'].map((end) => Number.parseFloat(textAt(space, name, end)));
  return Number.isFinite(minimum) && Number.isFinite(maximum) && minimum! < maximum!
    ? { minimum: minimum!, maximum: maximum! }
    : { minimum: -1, maximum: 1 };
}

/** -1 to 1, on the camera's own scale. */
function scale(velocity: number, { minimum, maximum }: Range): number {
  const within = Math.min(Math.max(velocity, -1), 1);
  return within < 0 ? within * Math.max(0, -minimum) : within * Math.max(0, maximum);
}

/**
 * From an entity to its streams: what the card asks the integration (docs/card-api.md).
 *
 *   porthole/camera      signed paths, what the camera can do
 *   porthole/subscribe   its state and what happens at it
 *   porthole/ptz         moves it
 */
import type { Source } from './config.ts';
import { codeOf, type Hass, messageOf } from './hass.ts';
import { type Connect, connectBeside, type StreamAddresses, type Tier } from './player/addresses.ts';
import { t } from './translate.ts';

export interface PtzAbility {
  readonly move?: boolean;
  readonly zoom?: boolean;
  readonly presets?: readonly string[];
}

/** Of docs/api.md, as far as the card looks. */
export interface CameraState {
  readonly id: string;
  readonly name?: string;
  readonly sub?: string;
  readonly enabled?: boolean;
  readonly doorbell?: boolean;
  readonly talk?: boolean;
  readonly ptz?: PtzAbility;
  readonly events?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

interface Paths {
  readonly ws: string;
  readonly frame?: string;
}

export interface CameraInfo {
  readonly available: boolean;
  readonly tier: 'auto' | Tier;
  readonly camera: CameraState;
  readonly control: boolean;
  readonly hasSub: boolean;
  /** Switches the camera on and off, where there is such an entity. */
  readonly switchEntity?: string | undefined;
}

interface CameraAnswer extends Omit<CameraInfo, 'hasSub' | 'switchEntity'> {
  readonly paths: { readonly base: string; readonly main: Paths; readonly sub?: Paths };
  readonly ice_servers?: readonly RTCIceServer[];
  readonly entities?: { readonly enabled?: string };
}

export type CameraNews =
  | {
      readonly type: 'state';
      readonly available: boolean;
      readonly tier: 'auto' | Tier;
      readonly camera: CameraState;
    }
  | { readonly type: 'event'; readonly event: 'ring' | 'motion'; readonly active: boolean }
  | { readonly type: 'removed' };

export type PtzCommand =
  | { readonly pan: number; readonly tilt: number; readonly zoom: number }
  | { readonly preset: string };

export interface CameraLink {
  readonly connect: Connect;
  /** Undefined where nothing but the stream is known: a server that is spoken to directly. */
  info(): Promise<CameraInfo | undefined>;
  diagnose(): Promise<string | undefined>;
  /** Resolves to what ends it. */
  subscribe(callback: (news: CameraNews) => void): Promise<() => void>;
  ptz(command: PtzCommand): Promise<void>;
}

/** Paths are taken again from an answer this young only: so many connections begin at once. */
const FRESH_MS = 3000;
/** A first connection may use what was asked when the card was made. */
const FIRST_MS = 60_000;
const POSTER_WIDTH = 960;

/** `hass` gives the present one: it changes with each state. */
export function linkTo(source: Source, hass: () => Hass): CameraLink {
  if (source.server) return directLink(source.server, source.stream ?? '');
  let entity: Promise<string> | undefined;
  let answer: Promise<CameraAnswer> | undefined;
  let askedMs = 0;
  const used = new Set<Tier>();

  const entityId = () => {
    entity ??= source.entity ? Promise.resolve(source.entity) : entityOfStream(hass(), source.stream ?? '');
    entity.catch(() => {
      entity = undefined;
    });
    return entity;
  };
  const send = async <T>(type: string, more: object = {}): Promise<T> => {
    try {
      const entity_id = await entityId();
      return await hass().connection.sendMessagePromise<T>({ type, entity_id, ...more });
    } catch (error) {
      throw error instanceof Error ? error : new Error(wordsOf(error), { cause: error });
    }
  };
  const ask = (maxAgeMs: number) => {
    if (answer && Date.now() - askedMs < maxAgeMs) return answer;
    askedMs = Date.now();
    used.clear();
    answer = send<CameraAnswer>('porthole/camera');
    answer.catch(() => {
      answer = undefined;
    });
    return answer;
  };

  return {
    async connect(tier) {
      const given = await ask(used.has(tier) ? FRESH_MS : FIRST_MS);
      used.add(tier);
      return addressesOf(hass(), given, tier);
    },
    async info() {
      const { available, tier, camera, control, paths, entities } = await ask(FRESH_MS);
      return {
        available,
        tier,
        camera,
        control,
        hasSub: paths.sub !== undefined,
        switchEntity: entities?.enabled,
      };
    },
    async diagnose() {
      const { camera, available } = await ask(FRESH_MS);
      if (!available) return t('notReady');
      if (camera.enabled === false) return t('disabled');
      return camera.error?.message;
    },
    async subscribe(callback) {
      const entity_id = await entityId();
      return hass().connection.subscribeMessage(callback, { type: 'porthole/subscribe', entity_id });
    },
    async ptz(command) {
      await send('porthole/ptz', command);
    },
  };
}

function addressesOf(hass: Hass, { paths, ice_servers }: CameraAnswer, tier: Tier): StreamAddresses {
  const { ws, frame } = (tier === 'sub' && paths.sub) || paths.main;
  const absolute = (path: string) => new URL(hass.hassUrl(path), document.baseURI);
  const socket = absolute(ws);
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    socket: socket.href,
    base: absolute(paths.base).href,
    poster: frame && absolute(`${frame}${frame.includes('?') ? '&' : '?'}width=${POSTER_WIDTH}`).href,
    iceServers: ice_servers ?? [],
  };
}

/** A go2rtc or Porthole server by its address, as `server` of custom:webrtc-camera names it. */
function directLink(server: string, stream: string): CameraLink {
  return {
    connect: connectBeside(server, stream, ''),
    info: async () => undefined,
    diagnose: async () => undefined,
    subscribe: async () => () => undefined,
    ptz: async () => undefined,
  };
}

/** The entity whose camera has this stream. Rejects with an Error to show. */
async function entityOfStream(hass: Hass, stream: string): Promise<string> {
  if (/^[\w+.-]+:/.test(stream)) throw new Error(t('addressNotStream'));
  const list = await hass.connection.sendMessagePromise<readonly { readonly entity_id: string }[]>({
    type: 'porthole/cameras',
  });
  const answers = await Promise.all(
    list.map(async ({ entity_id }) => {
      const { camera } = await hass.connection.sendMessagePromise<CameraAnswer>({
        type: 'porthole/camera',
        entity_id,
      });
      return { entity_id, streams: [camera.id, camera.sub] };
    }),
  );
  const found = answers.find(({ streams }) => streams.includes(stream));
  if (!found) throw new Error(t('noSuchStream', { stream }));
  return found.entity_id;
}

function wordsOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'not_found':
    case 'unknown_command':
      return t('notFound');
    case 'unauthorized':
      return t('unauthorized');
    case 'not_ready':
      return t('notReady');
    default:
      return messageOf(error);
  }
}

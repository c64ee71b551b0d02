/** What the routes work with. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Cameras } from '../cameras/cameras.ts';
import type { IntegrationPresence } from '../cameras/integration-presence.ts';
import type { StateFile } from '../config/state.ts';
import type { ConfigStore } from '../config/store.ts';
import { StreamError } from '../core/errors.ts';
import type { Streams } from '../core/streams.ts';
import type { Services } from '../formats/format.ts';
import type { HlsSessions } from '../formats/hls/sessions.ts';
import type { WebrtcServer } from '../formats/webrtc/server.ts';
import type { Shares } from '../formats/webtorrent/shares.ts';
import type { Logger } from '../util/log.ts';
import type { Client, Credentials } from './access.ts';
import type { Admit } from './admission.ts';
import type { Changes } from './changes.ts';
import type { IngressSettings } from './ingress.ts';
import type { Players } from './players.ts';
import type { Preloads } from './preloads.ts';
import type { Previews } from './previews.ts';
import type { Publications } from './publications.ts';
import type { RouteAccess } from './roles.ts';
import type { ServerInfo } from './server-info.ts';
import type { SourceOwners } from './source-owners.ts';
import type { Tokens } from './tokens.ts';

/** What main.ts hands in. */
export interface ApiSettings {
  readonly store: ConfigStore;
  readonly streams: Streams;
  readonly services: Services;
  readonly cameras: Cameras;
  /** What outlives the process. */
  readonly state: StateFile;
  /** Integrations that listen at `/api/events`. */
  readonly integrations: IntegrationPresence;
  /** What others know of the server, besides what the API knows itself. */
  readonly serverExtras?: (() => Partial<ServerInfo>) | undefined;
  /** Called once, with what is to be called whenever `serverExtras` gives something else. */
  readonly onServerChange?: ((changed: () => void) => void) | undefined;
  /** Where the RTSP server listens, as text; undefined where it doesn't. */
  readonly rtspListen: () => string | undefined;
  /** The WebRTC server; undefined where there is none. */
  readonly webrtc?: WebrtcServer | undefined;
  /** Folder of the built web page; `api.static_dir` comes before it. */
  readonly pageDirectory?: string | undefined;
  /** Who else may administrate, such as the integration that belongs to an add-on. */
  readonly keys?: readonly Credentials[] | undefined;
  /** Who is not on this machine needs credentials, though the config has none; default: where there are keys. */
  readonly requireCredentials?: boolean | undefined;
  /** Addresses besides those of the config, such as `172.30.32.1:1984`; one that cannot be used is logged. */
  readonly extraListen?: readonly string[] | undefined;
  /** Where Home Assistant's ingress connects to. */
  readonly ingress?: IngressSettings | undefined;
  /** A config file of go2rtc whose streams can be taken over. */
  readonly importFrom?: (() => { readonly path: string; readonly text: string } | undefined) | undefined;
  /** Tokens, where others (the RTSP server) take them too; default: of the API alone. */
  readonly tokens?: Tokens | undefined;
  /** Ends the process in good order, with this code, or starts it anew. */
  readonly shutdown: (how: { readonly exitCode: number } | 'restart') => void;
}

export interface ApiContext extends ApiSettings {
  readonly log: Logger;
  readonly tokens: Tokens;
  /** Who asks, and whether they may. */
  readonly admit: Admit;
  readonly changes: Changes;
  readonly owners: SourceOwners;
  readonly preloads: Preloads;
  readonly previews: Previews;
  readonly publications: Publications;
  readonly players: Players;
  readonly hls: HlsSessions;
  readonly shares: Shares;
}

export interface TypeBoxProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    client: Client;
  }
  interface FastifyContextConfig extends RouteAccess {}
}

/** Throws StreamError `unsupported` where WebRTC is not running. */
export function requireWebrtc({ webrtc }: ApiContext): WebrtcServer {
  if (!webrtc) throw new StreamError('unsupported', 'WebRTC is not running: see the log');
  return webrtc;
}

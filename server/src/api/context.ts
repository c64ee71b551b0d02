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
import type { ConfigStore } from '../config/store.ts';
import { StreamError } from '../core/errors.ts';
import type { Streams } from '../core/streams.ts';
import type { Services } from '../formats/format.ts';
import type { HlsSessions } from '../formats/hls/sessions.ts';
import type { WebrtcServer } from '../formats/webrtc/server.ts';
import type { Shares } from '../formats/webtorrent/shares.ts';
import type { Logger } from '../util/log.ts';
import type { Client } from './access.ts';
import type { Players } from './players.ts';
import type { Preloads } from './preloads.ts';
import type { Publications } from './publications.ts';
import type { SourceOwners } from './source-owners.ts';

/** What main.ts hands in. */
export interface ApiSettings {
  readonly store: ConfigStore;
  readonly streams: Streams;
  readonly services: Services;
  /** Where the RTSP server listens, as text; undefined where it doesn't. */
  readonly rtspListen: () => string | undefined;
  /** The WebRTC server; undefined where there is none. */
  readonly webrtc?: WebrtcServer | undefined;
  /** Folder of the built web page; `api.static_dir` comes before it. */
  readonly pageDirectory?: string | undefined;
  /** Ends the process in good order, with this code, or starts it anew. */
  readonly shutdown: (how: { readonly exitCode: number } | 'restart') => void;
}

export interface ApiContext extends ApiSettings {
  readonly log: Logger;
  readonly owners: SourceOwners;
  readonly preloads: Preloads;
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
  interface FastifyContextConfig {
    /** Refused when `api.read_only`. */
    changes?: boolean;
    /** For trusted clients only (access.ts). */
    admin?: boolean;
    /** Asks for the password in a way of its own: its handler looks at `client.lacksPassword`. */
    asksItself?: boolean;
  }
}

/** Throws StreamError `unsupported` where WebRTC is not running. */
export function requireWebrtc({ webrtc }: ApiContext): WebrtcServer {
  if (!webrtc) throw new StreamError('unsupported', 'WebRTC is not running: see the log');
  return webrtc;
}

/**
 * The RTSP server: streams out to players and NVRs, and in from programs and cameras that publish (RFC 2326).
 *
 *   rtsp://host:8554/front door?video=h264&audio=aac,opus      DESCRIBE … PLAY
 *   rtsp://host:8554/garden                                    ANNOUNCE … RECORD into the stream `garden`
 *   rtsp://127.0.0.1:8554/<token>                              the same for a program that a source has started
 *
 *   rtsp://host:8554/garden?token=… (or auth=…)                by a token, which is for this stream alone
 *
 * Clients on this machine need no password. Who shows a token is judged by it, from wherever they come.
 */
import { performance } from 'node:perf_hooks';
import { formatListen, parseListen } from '../../config/listen.ts';
import { ACCEPT_ANY, acceptsFromQuery } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import type { Streams } from '../../core/streams.ts';
import { type Credentials, createServerAuth, type ServerAuth } from '../../net/digest.ts';
import { listenTcp } from '../../net/tcp-server.ts';
import { DEFAULT_PACKET_SIZE } from '../../rtp/sender.ts';
import type { Logger } from '../../util/log.ts';
import { acceptedUsers, type ServerAccess, warnWithoutUser } from '../accepted-users.ts';
import { header, type RtspRequest } from './message.ts';
import { Connection } from './server-connection.ts';
import { openPlaySession, type PlaySession } from './server-play.ts';
import { RecordSession } from './server-record.ts';
import {
  type Permission,
  parseTarget,
  type RtspGrant,
  type RtspReply,
  type RtspTarget,
  textReply,
} from './server-request.ts';
import type { SessionContext } from './server-session.ts';

export interface RtspServerOptions extends ServerAccess {
  /** `:8554`, `127.0.0.1:8554`; port 0 for any free one. */
  readonly listen: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Clients on this machine need no password; default true. */
  readonly trustLoopback?: boolean;
  /** Codec filter of clients whose URL has none. */
  readonly defaultQuery?: string | undefined;
  /** Bytes of an RTP packet with its header; 0 or undefined for the usual. */
  readonly packetSize?: number | undefined;
  /** What a token lets a client do with a stream; undefined: nothing. */
  readonly admits?: ((token: string, stream: string) => RtspGrant | undefined) | undefined;
  readonly streams: Pick<Streams, 'get'>;
  readonly log: Logger;
}

export interface RtspServer {
  /** Where it listens, `:8554`. */
  readonly address: string;
  readonly port: number;
  /** Its URL for programs on this machine, without a slash at the end; with credentials when they need them. */
  base(): string;
  /** The next client that publishes to this path; rejects with StreamError when the signal aborts. */
  expectPublisher(path: string, signal: AbortSignal): Promise<Producer>;
  close(): Promise<void>;
}

const REALM = 'porthole';
/** FFmpeg keeps the last Digest of a reply, and knows MD5 only. */
const SCHEMES = ['basic', 'digest-sha-256', 'digest'] as const;
const SWEEP_INTERVAL_MS = 2000;
const RECORD_TIMEOUT_SECONDS = 15;
const MAX_TIMEOUT_SECONDS = 3600;
const MIN_PACKET_SIZE = 200;
const MAX_PACKET_SIZE = 65_000;

type Expected = PromiseWithResolvers<Producer>;

/** Starts to listen. Rejects with StreamError when it can't. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { log, streams, trustLoopback = true, admits } = options;
  const listen = parseListen(options.listen);
  if (!listen) throw new StreamError('invalid', 'rtsp.listen is empty');
  const fallback = acceptsFromQuery(new URLSearchParams(options.defaultQuery ?? ''), ACCEPT_ANY);
  const users = acceptedUsers(options, options);
  const auth = users && createServerAuth({ credentials: users, realm: REALM, schemes: SCHEMES });
  const expected = new Map<string, Expected>();

  const play = (
    { name, query, base }: RtspTarget,
    context: SessionContext,
    talk: { readonly wanted: boolean; readonly allowed: boolean },
  ): Promise<PlaySession> => {
    const stream = streams.get(name);
    if (!stream) throw new StreamError('not_found', `stream not found: ${name}`);
    return openPlaySession({
      context,
      stream,
      url: base.replace(/\/+$/, ''),
      accepts: acceptsFromQuery(query, fallback),
      packetSize: packetSizeOf(query.get('pkt_size')) ?? (options.packetSize || DEFAULT_PACKET_SIZE),
      except: query.get('source') ?? undefined,
      backchannel: talk.allowed && (talk.wanted || query.get('backchannel') === '1'),
    });
  };

  const publish = (name: string, producer: Producer, signal: AbortSignal): Promise<void> => {
    const waiting = expected.get(name);
    if (waiting) return handOver(producer, signal, waiting);
    const stream = streams.get(name);
    if (!stream) throw new StreamError('not_found', `stream not found: ${name}`);
    return stream.publish(producer, signal);
  };

  const host = {
    log,
    authorize(request: RtspRequest, remoteAddress: string): Permission {
      const { query } = parseTarget(request.url);
      // Home Assistant masks `auth` in its log, but not `token`.
      const token = admits && (query.get('token') ?? query.get('auth'));
      if (token) return permissionByToken(request, token, admits);
      if (trustLoopback && isLoopback(remoteAddress)) return {};
      return auth ? { refusal: refusal(auth, request) } : {};
    },
    play: (
      context: SessionContext,
      target: RtspTarget,
      talk: { readonly wanted: boolean; readonly allowed: boolean },
    ) => play(target, context, talk),
    record(context: SessionContext, { name, query }: RtspTarget, sdp: string) {
      if (!expected.has(name) && !streams.get(name))
        throw new StreamError('not_found', `stream not found: ${name}`);
      return new RecordSession({
        context,
        sdp,
        timeoutMs: (secondsOf(query.get('timeout')) ?? RECORD_TIMEOUT_SECONDS) * 1000,
        publish: (producer, signal) => publish(name, producer, signal),
      });
    },
  };

  const server = await listenTcp(listen, (socket) => new Connection(socket, host), log);
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    for (const connection of server.clients) connection.checkSilence(nowMs);
  }, SWEEP_INTERVAL_MS);
  sweep.unref();
  const { port } = server;
  const address = formatListen({ ...listen, port });
  log.info('listen', { addr: address });
  warnWithoutUser('rtsp', listen.host, options, log);

  return {
    address,
    port,
    base: () => baseUrl(listen.host, port, users?.[0]),
    expectPublisher(path, signal) {
      const waiting: Expected = Promise.withResolvers();
      expected.set(path, waiting);
      const stop = (): void =>
        waiting.reject(new StreamError('aborted', 'nobody waits for the publisher any more', signal.reason));
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      return waiting.promise.finally(() => {
        signal.removeEventListener('abort', stop);
        if (expected.get(path) === waiting) expected.delete(path);
      });
    },
    close() {
      clearInterval(sweep);
      for (const connection of server.clients) {
        connection.end(new StreamError('aborted', 'server stops'));
        connection.checkSilence(performance.now());
      }
      return server.close();
    },
  };
}

/** Gives the producer to the one who waits for it; settles when it has run. */
function handOver(producer: Producer, signal: AbortSignal, waiting: Expected): Promise<void> {
  const ended = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => ended.resolve(), { once: true });
  waiting.resolve({
    ...producer,
    run: (write, stop) => producer.run(write, stop).finally(() => ended.resolve()),
  });
  return ended.promise;
}

function refusal(auth: ServerAuth, request: RtspRequest): RtspReply | undefined {
  const verdict = auth.verify(header(request, 'authorization'), request.method, request.url);
  if (verdict === 'ok') return undefined;
  return { status: 401, headers: { 'WWW-Authenticate': auth.challenges(verdict === 'stale') } };
}

/** A token opens what it is for, to watch. */
function permissionByToken(
  request: RtspRequest,
  token: string,
  admits: NonNullable<RtspServerOptions['admits']>,
): Permission {
  if (request.method === 'ANNOUNCE') return { refusal: textReply(403, 'a token is for watching') };
  const grant = admits(token, parseTarget(request.url).name);
  return grant ? { grant } : { refusal: textReply(403, 'the token is not valid for this stream') };
}

const isLoopback = (address: string): boolean => /^(::ffff:)?127\./i.test(address) || address === '::1';

/** A server on one address of the network is not on the loopback: its own programs are clients like others. */
function baseUrl(host: string | undefined, port: number, user: Credentials | undefined): string {
  const everywhere = !host || host === '0.0.0.0' || host === '::';
  const own = everywhere ? '127.0.0.1' : host;
  const credentials =
    !isLoopback(own) && own !== 'localhost' && user
      ? `${encodeURIComponent(user.username)}:${encodeURIComponent(user.password)}@`
      : '';
  return `rtsp://${credentials}${own.includes(':') ? `[${own}]` : own}:${port}`;
}

function packetSizeOf(text: string | null): number | undefined {
  const size = Number(text);
  if (!text || size === 0) return undefined;
  if (!Number.isInteger(size) || size < MIN_PACKET_SIZE || size > MAX_PACKET_SIZE)
    throw new StreamError('invalid', `pkt_size is a number from ${MIN_PACKET_SIZE} to ${MAX_PACKET_SIZE}`);
  return size;
}

function secondsOf(text: string | null): number | undefined {
  const seconds = Number(text);
  return text && seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS ? seconds : undefined;
}

/**
 * The RTMP server: players take streams from it, cameras and encoders publish into existing ones.
 *
 *   rtmp://host:1935/NAME      rtmp://host:1935/app/NAME      …?user=U&pass=P where the config asks for them
 *
 * Clients on this machine need no password. Publishers that give none in their address are asked for it Adobe's way
 * (auth.ts) once; those that come back without are let in, and their stream's query must have it: encoders have a
 * field for the stream's key only.
 */
import { formatListen, parseListen } from '../../config/listen.ts';
import { StreamError } from '../../core/errors.ts';
import type { Streams } from '../../core/streams.ts';
import { listenTcp } from '../../net/tcp-server.ts';
import type { Logger } from '../../util/log.ts';
import { acceptedUsers, type ServerAccess, warnWithoutUser } from '../accepted-users.ts';
import { createPublisherAuth, equals } from './auth.ts';
import { type ConnectionHost, ServerConnection } from './server-connection.ts';

export interface RtmpServerOptions extends ServerAccess {
  /** `:1935`; port 0 for any free one. */
  readonly listen: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Clients on this machine need no password; default true. */
  readonly trustLoopback?: boolean;
  readonly streams: Pick<Streams, 'get'>;
  readonly log: Logger;
}

export interface RtmpServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

const ASKED_MS = 30_000;
const MAX_ASKED = 256;

/** Starts to listen. Rejects with StreamError when it can't. */
export async function startRtmpServer(options: RtmpServerOptions): Promise<RtmpServer> {
  const { log, streams } = options;
  const listen = parseListen(options.listen);
  if (!listen) throw new StreamError('invalid', 'rtmp.listen is empty');
  const host: ConnectionHost = {
    log,
    find: (names) => names.map((name) => streams.get(name)).find((stream) => stream !== undefined),
    ...createAccess(options),
  };
  const server = await listenTcp(listen, (socket) => new ServerConnection(socket, host), log);
  const { port } = server;
  warnWithoutUser('rtmp', listen.host, options, log);
  return {
    address: formatListen({ ...listen, port }),
    port,
    close() {
      for (const connection of server.clients) connection.end(new StreamError('aborted', 'server stops'));
      return server.close();
    },
  };
}

type Access = Pick<ConnectionHost, 'admit' | 'authorize'>;

function createAccess({ trustLoopback = true, ...options }: RtmpServerOptions): Access {
  const users = acceptedUsers(options, options);
  if (!users) return { admit: () => 'authorized', authorize: () => true };
  const publishers = createPublisherAuth(users);
  /** Publishers that were asked, and when. */
  const asked = new Map<string, number>();
  const isTrusted = (address: string): boolean => trustLoopback && isLoopback(address);
  const authorize = (query: URLSearchParams, address: string): boolean =>
    isTrusted(address) ||
    users.some(
      ({ username, password }) =>
        equals(query.get('user') ?? '', username) && equals(query.get('pass') ?? '', password),
    );
  const wasAsked = (address: string): boolean => {
    const askedMs = asked.get(address);
    asked.delete(address);
    return askedMs !== undefined && performance.now() - askedMs < ASKED_MS;
  };
  return {
    authorize,
    admit(app, publishes, address) {
      const question = app.indexOf('?');
      const query = question < 0 ? '' : app.slice(question + 1);
      if (authorize(new URLSearchParams(query), address)) return 'authorized';
      const isAnswer = /(?:^|&)authmod=/.test(query);
      if (isAnswer) asked.delete(address);
      else if (!publishes || wasAsked(address)) return 'later';
      const verdict = publishers.verify(query);
      if (verdict.ok) return 'authorized';
      if (!isAnswer) asked.set(address, performance.now());
      if (asked.size > MAX_ASKED) asked.delete(asked.keys().next().value!);
      return { refusal: verdict.description };
    },
  };
}

const isLoopback = (address: string): boolean => /^(::ffff:)?127\./i.test(address) || address === '::1';

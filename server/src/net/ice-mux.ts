/**
 * One port, UDP and TCP, for all WebRTC sessions of the server.
 *
 *   datagram ─┬─ STUN request   ─▶ session by the ufrag before the colon of USERNAME; the sender's address becomes its path
 *             └─ anything else  ─▶ session by remote address
 *
 * An address belongs to a session once a request with that session's password came from it, or the session sent to it
 * and nobody else has it. A TCP connection that does not begin with such a request is closed.
 */
import { StreamError, toStreamError } from '../core/errors.ts';
import type { IceEndpoint, IcePath } from './ice-path.ts';
import { connectTcp, type TcpConnection, TcpListener } from './ice-tcp.ts';
import { UdpPath, UdpPort } from './ice-udp.ts';
import { type Endpoint, isStun, parseStun, STUN_ATTRIBUTE, stunAttribute } from './stun.ts';

export type IceNetwork = 'udp4' | 'udp6' | 'tcp4' | 'tcp6';

export const ICE_NETWORKS: readonly IceNetwork[] = ['udp4', 'udp6', 'tcp4', 'tcp6'];

export interface IceMuxOptions {
  /** An IP address; undefined: all interfaces. */
  readonly host?: string | undefined;
  /** First and last port to try; 0 for any. */
  readonly ports: readonly [first: number, last: number];
  readonly networks: readonly IceNetwork[];
}

const MAX_SESSIONS = 4096;
const MAX_PATHS_PER_SESSION = 48;
const BIND_ATTEMPTS = 20;

interface Session {
  readonly endpoint: IceEndpoint;
  /** By remote address, oldest first. */
  readonly paths: Map<string, UdpPath>;
  readonly connections: Set<TcpConnection>;
}

export class IceMux {
  readonly #sessions = new Map<string, Session>();
  readonly #byAddress = new Map<string, { readonly session: Session; readonly path: UdpPath }>();
  readonly #udp = new Map<4 | 6, UdpPort>();
  readonly #tcp: TcpListener[] = [];
  /** The one address that is bound; undefined: all. */
  readonly host: string | undefined;
  #port = 0;

  private constructor(host: string | undefined) {
    this.host = host;
  }

  /** Binds the port. Fails with StreamError when it is taken, or no network is left; IPv6 may be missing. */
  static async listen({ host, ports: [first, last], networks }: IceMuxOptions): Promise<IceMux> {
    const family = host === undefined ? undefined : host.includes(':') ? 6 : 4;
    const usable = networks.filter((network) => family === undefined || network.endsWith(String(family)));
    if (usable.length === 0) throw new StreamError('invalid', 'webrtc: no network is left to listen on');
    const attempts = first === 0 ? BIND_ATTEMPTS : Math.min(BIND_ATTEMPTS, last - first + 1);
    let failure: unknown;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const mux = new IceMux(host);
      try {
        await mux.#bind(first === 0 ? 0 : first + attempt, usable);
        return mux;
      } catch (error) {
        failure = error;
        mux.close();
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') break;
      }
    }
    throw toStreamError(failure, `webrtc: port ${first || 'any'}`);
  }

  get port(): number {
    return this.#port;
  }

  /** What is bound in the end. */
  get networks(): readonly IceNetwork[] {
    return [
      ...[...this.#udp.keys()].map((family): IceNetwork => `udp${family}`),
      ...this.#tcp.map(({ family }): IceNetwork => `tcp${family}`),
    ];
  }

  /** Sessions and addresses known: for tests of what is forgotten. */
  get counts(): { readonly sessions: number; readonly addresses: number; readonly connections: number } {
    const connections = this.#tcp.reduce((sum, listener) => sum + listener.connections, 0);
    return { sessions: this.#sessions.size, addresses: this.#byAddress.size, connections };
  }

  /** Lets datagrams come to a session; returns the function that forgets it and closes its paths. Fails with `limit`. */
  register(endpoint: IceEndpoint): () => void {
    if (this.#sessions.size >= MAX_SESSIONS) throw new StreamError('limit', 'too many WebRTC sessions');
    const session: Session = { endpoint, paths: new Map(), connections: new Set() };
    this.#sessions.set(endpoint.ufrag, session);
    return () => {
      if (this.#sessions.get(endpoint.ufrag) !== session) return;
      this.#sessions.delete(endpoint.ufrag);
      for (const [key, path] of session.paths) this.#forget(key, path);
      for (const connection of session.connections) connection.close();
    };
  }

  /** The session's path to a UDP address; undefined when no socket of ours reaches such addresses. */
  pathTo(endpoint: IceEndpoint, remote: Endpoint): IcePath | undefined {
    const session = this.#sessions.get(endpoint.ufrag);
    const port = this.#udp.get(remote.address.includes(':') ? 6 : 4);
    if (!session || !port) return undefined;
    const key = addressKey(remote.address, remote.port);
    return session.paths.get(key) ?? this.#addPath(session, key, new UdpPath(port, remote), false);
  }

  /** A path to a passive TCP candidate; it connects with the first datagram. Undefined: no more for this session. */
  connectTcp(endpoint: IceEndpoint, remote: Endpoint): IcePath | undefined {
    const session = this.#sessions.get(endpoint.ufrag);
    if (!session || session.connections.size >= MAX_PATHS_PER_SESSION) return undefined;
    const connection = connectTcp(remote, endpoint);
    this.#adopt(session, connection);
    return connection;
  }

  close(): void {
    for (const session of [...this.#sessions.values()])
      for (const path of session.paths.values()) path.closed = true;
    this.#sessions.clear();
    this.#byAddress.clear();
    for (const port of this.#udp.values()) port.close();
    for (const listener of this.#tcp) listener.close();
    this.#udp.clear();
    this.#tcp.length = 0;
  }

  async #bind(wanted: number, networks: readonly IceNetwork[]): Promise<void> {
    const { host } = this;
    this.#port = wanted;
    for (const family of [4, 6] as const) {
      const optional =
        family === 6 && host === undefined && networks.some((network) => network.endsWith('4'));
      try {
        if (networks.includes(`udp${family}`)) {
          const port = await UdpPort.bind(family, host, this.#port, this.#onUdp);
          this.#udp.set(family, port);
          this.#port = port.port;
        }
        if (networks.includes(`tcp${family}`)) {
          const listener = await TcpListener.bind(family, host, this.#port, this.#onFirstFrame);
          this.#tcp.push(listener);
          this.#port = listener.port;
        }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (!optional || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
      }
    }
  }

  readonly #onUdp = (port: UdpPort, bytes: Buffer, address: string, remotePort: number): void => {
    const key = addressKey(address, remotePort);
    const known = this.#byAddress.get(key);
    if (!isRequest(bytes)) {
      known?.session.endpoint.onDatagram(bytes, known.path);
      return;
    }
    const request = parseStun(bytes);
    const session = request && this.#sessionOf(stunAttribute(request, STUN_ATTRIBUTE.username));
    if (!session) return;
    const path = session.paths.get(key) ?? new UdpPath(port, { address, port: remotePort });
    if (session.endpoint.onRequest(request, path) && this.#sessions.get(session.endpoint.ufrag) === session)
      this.#addPath(session, key, path, true);
  };

  /** The session that a TCP connection belongs to, by its first frame; undefined: to none. */
  readonly #onFirstFrame = (bytes: Buffer, connection: TcpConnection): IceEndpoint | undefined => {
    const request = isRequest(bytes) ? parseStun(bytes) : undefined;
    const session = request && this.#sessionOf(stunAttribute(request, STUN_ATTRIBUTE.username));
    if (!session || session.connections.size >= MAX_PATHS_PER_SESSION) return undefined;
    if (!session.endpoint.onRequest(request, connection)) return undefined;
    this.#adopt(session, connection);
    return session.endpoint;
  };

  #adopt(session: Session, connection: TcpConnection): void {
    session.connections.add(connection);
    connection.onClosed = () => {
      session.connections.delete(connection);
      session.endpoint.onPathClosed(connection);
    };
  }

  #sessionOf(username: Buffer | undefined): Session | undefined {
    if (!username) return undefined;
    const text = username.toString('latin1');
    return this.#sessions.get(text.slice(0, Math.max(0, text.indexOf(':'))));
  }

  /** Makes the address the session's; an authentic request takes it from another session, where it was stale. */
  #addPath(session: Session, key: string, path: UdpPath, authentic: boolean): UdpPath {
    const holder = this.#byAddress.get(key);
    if (!holder || (authentic && holder.session !== session)) {
      if (holder) {
        holder.session.paths.delete(key);
        this.#forget(key, holder.path);
        holder.session.endpoint.onPathClosed(holder.path);
      }
      this.#byAddress.set(key, { session, path });
    }
    session.paths.set(key, path);
    if (session.paths.size > MAX_PATHS_PER_SESSION) {
      for (const [oldestKey, oldest] of session.paths) {
        session.paths.delete(oldestKey);
        this.#forget(oldestKey, oldest);
        session.endpoint.onPathClosed(oldest);
        break;
      }
    }
    return path;
  }

  #forget(key: string, path: UdpPath): void {
    path.closed = true;
    if (this.#byAddress.get(key)?.path === path) this.#byAddress.delete(key);
  }
}

const addressKey = (address: string, port: number): string => `${address} ${port}`;

/** Whether it is a STUN request by its first bytes: class bits 0. */
const isRequest = (bytes: Buffer): boolean => isStun(bytes) && ((bytes[0]! & 1) | (bytes[1]! & 0x10)) === 0;

/**
 * ICE over TCP (RFC 6544), for networks that let no UDP through: peers connect to the one WebRTC port (passive), and we
 * connect to peers that a source names (active).
 */
import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { FrameReader, frame, frameAll } from './ice-framing.ts';
import type { Datagrams, IceEndpoint, IcePath } from './ice-path.ts';
import type { Endpoint } from './stun.ts';

const FIRST_FRAME_TIMEOUT_MS = 10_000;
const MAX_UNKNOWN_CONNECTIONS = 128;
/** Beyond this the peer does not read at all; media stops earlier, by back-pressure. */
const MAX_QUEUED_BYTES = 16 << 20;

/** Names the session that a connection belongs to, by its first datagram; undefined: the connection is closed. */
type OnFirstFrame = (datagram: Buffer, connection: TcpConnection) => IceEndpoint | undefined;

export class TcpListener {
  readonly family: 4 | 6;
  readonly #server: Server;
  readonly #connections = new Set<TcpConnection>();

  private constructor(family: 4 | 6, server: Server) {
    this.family = family;
    this.#server = server;
  }

  /** Binds; rejects with the system's error. */
  static async bind(
    family: 4 | 6,
    host: string | undefined,
    port: number,
    onFirst: OnFirstFrame,
  ): Promise<TcpListener> {
    const server = createServer({ noDelay: true });
    const listener = new TcpListener(family, server);
    server.on('connection', (socket) => listener.#accept(socket, onFirst));
    server.listen({
      host: host ?? (family === 4 ? '0.0.0.0' : '::'),
      port,
      ipv6Only: family === 6,
      exclusive: true,
    });
    await once(server, 'listening');
    server.on('error', () => {});
    return listener;
  }

  get port(): number {
    const address = this.#server.address();
    return address && typeof address === 'object' ? address.port : 0;
  }

  get connections(): number {
    return this.#connections.size;
  }

  close(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.close();
  }

  #accept(socket: Socket, onFirst: OnFirstFrame): void {
    const unknown = [...this.#connections].filter((connection) => !connection.known).length;
    if (unknown >= MAX_UNKNOWN_CONNECTIONS || !socket.remoteAddress || !socket.remotePort) {
      socket.destroy();
      return;
    }
    const remote = { address: socket.remoteAddress, port: socket.remotePort };
    const connection = new TcpConnection(socket, remote, onFirst);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
  }
}

/** A connection to a passive candidate, for this session; made with the first datagram. */
export function connectTcp(remote: Endpoint, endpoint: IceEndpoint): TcpConnection {
  const connection = new TcpConnection(new Socket(), remote, () => endpoint);
  connection.begin(endpoint);
  return connection;
}

export class TcpConnection implements IcePath {
  readonly protocol = 'tcp';
  readonly relayed = false;
  readonly remote: Endpoint;
  /** Set by the owner of the connection, once known. */
  onClosed: () => void = () => {};
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #firstFrame: NodeJS.Timeout;
  #endpoint: IceEndpoint | undefined;
  /** It is for us to connect, and that was not begun yet. */
  #idle = false;

  constructor(socket: Socket, remote: Endpoint, onFirst: OnFirstFrame) {
    this.#socket = socket;
    this.remote = remote;
    this.#firstFrame = setTimeout(() => socket.destroy(), FIRST_FRAME_TIMEOUT_MS);
    const onFrame = (datagram: Buffer): void => {
      if (socket.destroyed) return;
      if (this.#endpoint) this.#endpoint.onDatagram(datagram, this);
      else this.#endpoint = onFirst(datagram, this);
      if (this.#endpoint) clearTimeout(this.#firstFrame);
      else socket.destroy();
    };
    socket.on('data', (bytes: Buffer) => {
      if (!this.#reader.push(bytes, onFrame)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(this.#firstFrame);
      this.onClosed();
    });
  }

  /** It is ours to connect, for this session. */
  begin(endpoint: IceEndpoint): void {
    clearTimeout(this.#firstFrame);
    this.#endpoint = endpoint;
    this.#idle = true;
  }

  /** Whether it belongs to a session. */
  get known(): boolean {
    return this.#endpoint !== undefined;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  send(bytes: Buffer): void {
    this.#write(frame(bytes));
  }

  sendAll(datagrams: Datagrams): void {
    this.#write(frameAll(datagrams));
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(framed: Buffer): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (this.#idle) {
      this.#idle = false;
      socket.setNoDelay(true).connect(this.remote.port, this.remote.address);
    }
    if (socket.writableLength > MAX_QUEUED_BYTES) socket.destroy();
    else socket.write(framed);
  }
}

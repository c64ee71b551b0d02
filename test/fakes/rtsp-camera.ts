/**
 * A fake RTSP camera (RFC 2326) with the faults of real ones. Written without the server's RTSP and RTP code, so that
 * it can catch that code's mistakes.
 *
 *   const camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
 *   camera.url; camera.stall(); await camera.restart(); await camera.close();
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { Feed } from './feed.ts';
import { type Credentials, Guard } from './rtsp-auth.ts';
import { type Reply, type Request, RtspSession } from './rtsp-session.ts';

export interface CameraOptions {
  readonly feeds: readonly Feed[];
  readonly port?: number;
  readonly path?: string;
  readonly auth?: Credentials;
  /** RTSP inside TLS, with a certificate that it made itself. */
  readonly tls?: true;
  /** Default both. */
  readonly transports?: readonly ('tcp' | 'udp')[];
  /** Its loudspeaker, by RTP name; told only to those who `Require` it, as ONVIF says. */
  readonly loudspeaker?: 'PCMU' | 'PCMA' | 'MPEG4-GENERIC';
  /** Answers DESCRIBE with `Require: …backchannel` by 551, as cameras without one do. */
  readonly refusesBackchannel?: boolean;
  /** Changes the SDP before it is sent. */
  readonly sdp?: (sdp: string) => string;
  /** Channels given for the channels asked. */
  readonly channels?: (asked: number) => number;
  /** Announced in Session, and enforced. */
  readonly sessionTimeoutSeconds?: number;
  /** The only method that keeps a session alive; the other one is answered by 501. */
  readonly keepAlive?: 'OPTIONS' | 'GET_PARAMETER';
  /** Further connections are closed at once. */
  readonly maximumConnections?: number;
  /** Changes a reply before it is sent. */
  readonly reply?: (reply: Reply, request: Request) => Reply;
  /** Answers instead of the camera, where it returns something. */
  readonly intercept?: (request: Request) => Reply | undefined;
}

/** RTP packets that a loudspeaker received. */
export interface HeardPacket {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

export class RtspCamera {
  readonly options: CameraOptions;
  readonly guard: Guard | undefined;
  /** Every request so far. */
  readonly requests: Request[] = [];
  readonly heard: HeardPacket[] = [];
  /** Connections accepted so far. */
  accepted = 0;
  readonly #sessions = new Set<RtspSession>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: CameraOptions) {
    this.options = options;
    this.#port = options.port ?? 0;
    this.guard = options.auth && new Guard(options.auth);
  }

  get port(): number {
    return this.#port;
  }

  /** With credentials, if it wants any. */
  get url(): string {
    const { auth, path = '/live/main', tls } = this.options;
    const user = auth ? `${auth.user}:${encodeURIComponent(auth.password)}@` : '';
    return `${tls ? 'rtspx' : 'rtsp'}://${user}127.0.0.1:${this.#port}${path}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** Connections that get media. */
  get playing(): number {
    return [...this.#sessions].filter((session) => session.playing).length;
  }

  async start(): Promise<this> {
    const accept = (socket: Socket): void => {
      this.accepted++;
      if (this.#sessions.size >= (this.options.maximumConnections ?? Number.POSITIVE_INFINITY)) {
        socket.destroy();
        return;
      }
      const session = new RtspSession(this, socket);
      this.#sessions.add(session);
      socket.once('close', () => this.#sessions.delete(session));
    };
    const server = this.options.tls ? createTlsServer(readCertificate(), accept) : createServer(accept);
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
    for (const feed of this.options.feeds) await feed.start();
    return this;
  }

  /** Power off: nothing listens, every connection is reset. */
  async close(): Promise<void> {
    for (const feed of this.options.feeds) feed.stop();
    for (const session of this.#sessions) session.reset();
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Off for a while, then on again at the same port, with new sequence numbers, timestamps and nonce. */
  async restart(offMs = 500): Promise<void> {
    await this.close();
    await new Promise((resolve) => setTimeout(resolve, offMs));
    this.guard?.renewNonce();
    await this.start();
  }

  /** Nothing more is sent, but connections stay open and requests are answered; until `resume`. */
  stall(): void {
    for (const session of this.#sessions) session.stalled = true;
  }

  resume(): void {
    for (const session of this.#sessions) session.stalled = false;
  }

  /** Sends half of the next packet, then resets the connection. */
  resetInMidFrame(): void {
    for (const session of this.#sessions) session.resetInMidFrame = true;
  }

  /** Ends every connection the polite way (FIN). */
  hangUp(): void {
    for (const session of this.#sessions) session.hangUp();
  }

  /** Puts bytes between the interleaved packets of every connection. */
  inject(bytes: Buffer): void {
    for (const session of this.#sessions) session.inject(bytes);
  }
}

export function startRtspCamera(options: CameraOptions): Promise<RtspCamera> {
  return new RtspCamera(options).start();
}

function readCertificate(): { key: Buffer; cert: Buffer } {
  const folder = join(import.meta.dirname, '../fixtures/tls');
  return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) };
}

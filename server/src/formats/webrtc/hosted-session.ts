/**
 * One session from its offer to its end: a side (viewer or publisher), its transport, its candidates.
 */
import { randomBytes } from 'node:crypto';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Peer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import type { IceServer } from '../../net/ice-servers.ts';
import type { Logger } from '../../util/log.ts';
import { formatAnswer } from './answer.ts';
import { type Description, parseDescription } from './description.ts';
import { openIngest } from './ingest.ts';
import { type ConnectionHost, PeerConnection } from './peer-connection.ts';
import type { Reachability } from './reachability.ts';
import type { PeerRights, SessionContext, SessionSide, WebrtcSession } from './session.ts';
import type { MediaTransport, TransportOptions } from './transport.ts';
import { openViewer } from './viewer.ts';

/** What all sessions of a server share. */
export interface SessionHost extends ConnectionHost {
  readonly iceServers: readonly IceServer[];
  /** Those that are answered and not over, by id. */
  readonly sessions: Map<string, WebrtcSession>;
  readonly reachability: Reachability;
  readonly log: Logger;
}

export interface SessionOptions extends Pick<PeerRights, 'mayTalk' | 'until'> {
  /** As the API shows it: `webrtc/whep`, `webrtc/json` … */
  readonly format: string;
  /** How the offer came: `http`, `ws`. */
  readonly protocol: string;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Of the peer, besides our own: that is how a TURN server is named that both can use. */
  readonly iceServers?: readonly IceServer[] | undefined;
  /** Takes our candidates one by one; without it the answer waits a moment for them and has them all. */
  readonly onCandidate?: ((candidate: Candidate) => void) | undefined;
  /** Gives up before the answer. */
  readonly signal?: AbortSignal | undefined;
}

/** What a peer is to a stream. `auto`: it publishes if its offer sends video and receives none. */
export type Role = 'view' | 'publish' | 'auto';

export class HostedSession implements WebrtcSession {
  readonly id = randomBytes(16).toString('base64url');
  readonly peer: Peer;
  readonly ended: Promise<void>;
  sdp = '';
  readonly #host: SessionHost;
  readonly #stream: Stream;
  readonly #offer: Description;
  readonly #protocol: string;
  readonly #over = Promise.withResolvers<void>();
  #side: SessionSide | undefined;
  #connection: PeerConnection | undefined;
  #isOver = false;

  private constructor(host: SessionHost, stream: Stream, sdp: string, options: SessionOptions) {
    const { format, protocol, remoteAddress, userAgent } = options;
    this.#host = host;
    this.#stream = stream;
    this.#protocol = protocol;
    this.#offer = parseDescription(sdp);
    this.peer = createPeer({ format, protocol, remoteAddress, userAgent });
    this.ended = this.#over.promise;
  }

  /** Opens the camera and answers. Rejects with StreamError. */
  static async open(
    host: SessionHost,
    stream: Stream,
    sdp: string,
    role: Role,
    options: SessionOptions,
  ): Promise<HostedSession> {
    const session = new HostedSession(host, stream, sdp, options);
    const publishes = role === 'publish' || (role === 'auto' && isPublisher(session.#offer));
    const context = session.#context(options);
    session.#side = publishes ? openIngest(context) : await openViewer(context);
    session.#endWith(options.until);
    if (options.signal?.aborted) session.close();
    if (session.#isOver) throw new StreamError('aborted', 'the client left');
    await session.#answer(options);
    if (!session.#isOver) host.sessions.set(session.id, session);
    return session;
  }

  get connected(): boolean {
    return this.#connection?.connected ?? false;
  }

  addCandidate(candidate: Candidate): void {
    this.#connection?.transport.agent.addRemoteCandidate(candidate);
  }

  close(): void {
    this.#side?.close();
  }

  #endWith(until: AbortSignal | undefined): void {
    if (!until) return;
    const end = (): void => this.close();
    if (until.aborted) end();
    until.addEventListener('abort', end);
    void this.ended.then(() => until.removeEventListener('abort', end));
  }

  #context({ mayTalk = true }: SessionOptions): SessionContext {
    return {
      stream: this.#stream,
      offer: this.#offer,
      peer: this.peer,
      mayTalk,
      log: (message, fields) => this.#log(message, fields),
      connect: (handlers) => this.#connect(handlers),
      end: (reason) => this.#end(reason),
    };
  }

  #connect(handlers: Pick<TransportOptions, 'onConnected' | 'onRtp' | 'onRtcp'>): MediaTransport {
    this.#connection = new PeerConnection({
      host: this.#host,
      peer: this.peer,
      protocol: this.#protocol,
      offers: false,
      begins: false,
      ...handlers,
      onConnected: () => {
        this.#host.reachability.note(true);
        handlers.onConnected();
      },
      onClosed: (reason) => {
        // Of those that end for another reason nothing is known.
        if (!this.connected && reason instanceof StreamError && reason.code === 'timeout')
          this.#host.reachability.note(false);
        this.#side?.close(reason);
      },
      log: (message, fields) => this.#log(message, fields),
    });
    const { transport } = this.#connection;
    transport.connect(this.#offer);
    return transport;
  }

  async #answer({ onCandidate, iceServers = [] }: SessionOptions): Promise<void> {
    const connection = this.#connection!;
    const candidates = await connection.gather([...this.#host.iceServers, ...iceServers], onCandidate);
    if (onCandidate) for (const candidate of candidates) onCandidate(candidate);
    this.sdp = formatAnswer({
      offer: this.#offer,
      medias: this.#side!.medias,
      ice: connection.transport.agent,
      fingerprint: this.#host.certificate.fingerprint,
      candidates: onCandidate ? [] : candidates,
      complete: !onCandidate,
    });
  }

  #end(reason?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#log('ended', { reason });
    this.#host.sessions.delete(this.id);
    this.#connection?.close();
    this.#over.resolve();
  }

  #log(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#host.log.debug(message, { stream: this.#stream.name, id: this.peer.id, ...fields });
  }
}

/** It receives video: a viewer. It only sends video: a publisher. Without video it listens or talks: a viewer. */
function isPublisher({ medias }: Description): boolean {
  const video = medias.filter(({ kind, rejected }) => kind === 'video' && !rejected);
  if (video.some(({ receives }) => receives)) return false;
  return video.some(({ sends }) => sends);
}

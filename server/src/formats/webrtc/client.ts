/**
 * A session that we begin: with a camera or a server that sends (producer.ts), or with one that we publish to (publisher.ts).
 *
 *   offer ─▶ signalling ─▶ accept │ answer ◀─ signalling │ candidates both ways … connected … over
 *
 * Whoever speaks the peer's signalling (dialects.ts) calls `offer` and `accept`, or `answer`; candidates may come at any time.
 */
import { StreamError } from '../../core/errors.ts';
import type { Peer } from '../../core/model.ts';
import { type Candidate, formatCandidate, parseCandidate } from '../../net/ice-candidate.ts';
import type { IceServer } from '../../net/ice-servers.ts';
import { type Agreement, agreementOf, answerTo } from './agreement.ts';
import { formatAnswer } from './answer.ts';
import { parseDescription } from './description.ts';
import { formatOffer, type OfferedMedia } from './offer.ts';
import { type ConnectionHost, PeerConnection } from './peer-connection.ts';
import type { MediaTransport } from './transport.ts';

export interface ClientHost extends ConnectionHost {
  /** Of the config. */
  readonly iceServers: readonly IceServer[];
}

export interface ClientOptions {
  readonly peer: Peer;
  /** How descriptions are exchanged: `http`, `ws`. */
  readonly protocol: string;
  /** What is offered, where the offer is ours. */
  readonly medias: readonly OfferedMedia[];
  /** Both sides know what is sent; media may begin to come at once. */
  readonly onAgreed: (agreement: Agreement) => void;
  readonly onRtp: (packet: Buffer) => void;
  readonly onRtcp: (packet: Buffer) => void;
  /** Once, not after `close`; without a reason the peer said good-bye. */
  readonly onClosed: (reason?: StreamError) => void;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export class WebrtcClient {
  /** Resolves when media can flow; rejects when the session is over before. */
  readonly connected: Promise<void>;
  /** Takes candidates that are found when our description is made already; set before that. */
  onCandidate: ((candidate: string) => void) | undefined;
  readonly #host: ClientHost;
  readonly #options: ClientOptions;
  readonly #connection: PeerConnection;
  readonly #connected = Promise.withResolvers<void>();
  #agreed = false;
  #closed = false;

  /** Fails with StreamError `limit`. */
  constructor(host: ClientHost, options: ClientOptions, offers: boolean) {
    const { peer, protocol, onRtp, onRtcp, log } = options;
    this.#host = host;
    this.#options = options;
    this.connected = this.#connected.promise;
    this.connected.catch(() => {});
    this.#connection = new PeerConnection({
      host,
      peer,
      protocol,
      offers,
      begins: true,
      log,
      onRtp,
      onRtcp,
      onConnected: () => this.#connected.resolve(),
      onClosed: (reason) => this.#end(reason),
    });
  }

  get transport(): MediaTransport {
    return this.#connection.transport;
  }

  /** Our offer, with the candidates that are found within a moment. `iceServers`: instead of those of the config. */
  async offer(iceServers?: readonly IceServer[]): Promise<string> {
    const candidates = await this.#gather(iceServers);
    return formatOffer({ ...this.#own(), medias: this.#options.medias, ...candidates });
  }

  /** Takes the peer's answer and begins to connect. Throws StreamError `protocol`, `no_match`. */
  accept(sdp: string): void {
    if (this.#agreed || this.#closed) return;
    const answer = descriptionOf(sdp, 'answer');
    this.#agree(agreementOf(this.#options.medias, answer));
    this.transport.connect(answer);
  }

  /** Answers the peer's offer and begins to connect. Rejects with StreamError `protocol`, `no_match`. */
  async answer(sdp: string, iceServers?: readonly IceServer[]): Promise<string> {
    const offer = descriptionOf(sdp, 'offer');
    const { agreement, medias } = answerTo(offer);
    const candidates = await this.#gather(iceServers);
    if (!this.#agreed && !this.#closed) {
      this.#agree(agreement);
      this.transport.connect(offer);
    }
    return formatAnswer({ ...this.#own(), offer, medias, ...candidates });
  }

  /** A candidate of the peer, as text; what is none is left out. */
  addCandidate(text: string): void {
    const candidate = parseCandidate(text);
    if (candidate) this.transport.agent.addRemoteCandidate(candidate);
  }

  /** STUN and TURN servers that the answer came with. */
  addServers(servers: readonly IceServer[]): void {
    if (servers.length > 0) this.#connection.addServers(servers);
  }

  /** Says good-bye and ends; `onClosed` is not called. */
  close(reason = new StreamError('aborted', 'webrtc: the session was ended')): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
    this.#connected.reject(reason);
  }

  async #gather(servers = this.#host.iceServers) {
    const onLate = (candidate: Candidate): void => this.onCandidate?.(formatCandidate(candidate));
    const candidates = await this.#connection.gather(servers, undefined, onLate);
    return { candidates, complete: this.onCandidate === undefined };
  }

  #own() {
    return { ice: this.transport.agent, fingerprint: this.#host.certificate.fingerprint };
  }

  #agree(agreement: Agreement): void {
    this.#agreed = true;
    this.#options.onAgreed(agreement);
  }

  #end(reason?: StreamError): void {
    if (this.#closed) return;
    this.close(reason ?? new StreamError('closed', 'webrtc: the peer ended the session'));
    this.#options.onClosed(reason);
  }
}

/** A fault of the peer's description is one of its protocol, not of our input. */
function descriptionOf(sdp: string, what: string) {
  try {
    return parseDescription(sdp);
  } catch (error) {
    const { message } = error as Error;
    throw new StreamError('protocol', `webrtc: the peer's ${what} is not usable: ${message}`, error);
  }
}

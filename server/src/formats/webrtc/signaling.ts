/**
 * WebRTC over the API's WebSocket, as go2rtc and Home Assistant speak it.
 *
 *   → {"type":"webrtc","value":{"type":"offer","sdp":"v=0…","ice_servers":[{"urls":[…]}]}}
 *   ← {"type":"webrtc","value":{"type":"answer","sdp":"v=0…"}}
 *   → {"type":"webrtc/offer","value":"v=0…"}      ← {"type":"webrtc/answer","value":"v=0…"}      the older form
 *   ↔ {"type":"webrtc/candidate","value":"candidate:…"}
 *
 * Candidates of the peer may come before its offer is answered, because the camera is still opening. Ours come behind the
 * answer, one by one. An established session goes on when the socket closes; it ends with its peer.
 */
import { StreamError } from '../../core/errors.ts';
import type { Stream } from '../../core/stream.ts';
import { type Candidate, formatCandidate, parseCandidate } from '../../net/ice-candidate.ts';
import type { IceServer } from '../../net/ice-servers.ts';
import type { WebrtcServer } from './server.ts';
import type { PeerRights, WebrtcSession } from './session.ts';

const WEBRTC_MESSAGES = ['webrtc', 'webrtc/offer', 'webrtc/candidate'] as const;
export type WebrtcMessage = (typeof WEBRTC_MESSAGES)[number];

/** The socket that the messages come by. */
export interface SignalingSocket extends PeerRights {
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Aborted when the socket closes. */
  readonly signal: AbortSignal;
  /** The peer publishes (`dst`). */
  readonly publishes: boolean;
  /** The stream asked for; throws when there is none. */
  stream(): Stream;
  send(type: string, value: unknown): void;
}

const MAX_EARLY_CANDIDATES = 64;
const MAX_ICE_SERVERS = 16;

/** One socket's signalling. A second offer begins a second session; candidates are for the latest. */
export class WebrtcSignaling {
  readonly #server: WebrtcServer;
  readonly #socket: SignalingSocket;
  #session: WebrtcSession | undefined;
  #early: Candidate[] = [];
  #offers = 0;

  constructor(server: WebrtcServer, socket: SignalingSocket) {
    this.#server = server;
    this.#socket = socket;
  }

  /** Handles a message of one of WEBRTC_MESSAGES. Rejects with StreamError; the value of the error message begins with its type. */
  async handle(type: WebrtcMessage, value: unknown): Promise<void> {
    if (type === 'webrtc/candidate') this.#candidate(value);
    else if (type === 'webrtc/offer') {
      if (typeof value !== 'string') throw new StreamError('invalid', 'the value is not a text');
      await this.#offer(value, [], (sdp) => this.#socket.send('webrtc/answer', sdp));
    } else {
      const { sdp, iceServers } = parseOfferMessage(value);
      await this.#offer(sdp, iceServers, (answer) =>
        this.#socket.send('webrtc', { type: 'answer', sdp: answer }),
      );
    }
  }

  async #offer(sdp: string, iceServers: readonly IceServer[], answer: (sdp: string) => void): Promise<void> {
    const { remoteAddress, userAgent, signal, publishes, viewsOnly, mayTalk, until } = this.#socket;
    const role = publishes ? 'publish' : viewsOnly ? 'view' : 'auto';
    const number = ++this.#offers;
    this.#session = undefined;
    let answered = false;
    const ready: Candidate[] = [];
    const send = (candidate: Candidate): void => {
      if (answered) this.#socket.send('webrtc/candidate', formatCandidate(candidate));
      else ready.push(candidate);
    };
    const session = await this.#server.answer(this.#socket.stream(), sdp, role, {
      format: 'webrtc',
      protocol: 'ws',
      remoteAddress,
      userAgent,
      iceServers,
      mayTalk,
      until,
      signal,
      onCandidate: send,
    });
    const leave = (): void => {
      if (!session.connected) session.close();
    };
    signal.addEventListener('abort', leave);
    void session.ended.then(() => signal.removeEventListener('abort', leave));
    if (number === this.#offers) {
      this.#session = session;
      for (const candidate of this.#early.splice(0)) session.addCandidate(candidate);
    }
    answer(session.sdp);
    answered = true;
    ready.forEach(send);
  }

  #candidate(value: unknown): void {
    if (typeof value !== 'string') throw new StreamError('invalid', 'the value is not a text');
    const candidate = parseCandidate(value);
    if (!candidate) return;
    if (this.#session) this.#session.addCandidate(candidate);
    else if (this.#early.length < MAX_EARLY_CANDIDATES) this.#early.push(candidate);
  }
}

function parseOfferMessage(value: unknown): { sdp: string; iceServers: IceServer[] } {
  const { type, sdp, ice_servers } = (value ?? {}) as Record<string, unknown>;
  if (type !== 'offer' || typeof sdp !== 'string') throw new StreamError('invalid', 'the value is no offer');
  return {
    sdp,
    iceServers: Array.isArray(ice_servers) ? ice_servers.flatMap(iceServer).slice(0, MAX_ICE_SERVERS) : [],
  };
}

/** An entry of `ice_servers`; one that makes no sense is left out. */
function iceServer(value: unknown): IceServer[] {
  const { urls, username, credential } = (value ?? {}) as Record<string, unknown>;
  const list = [urls].flat().filter((url) => typeof url === 'string');
  if (list.length === 0) return [];
  const text = (field: unknown): string | undefined => (typeof field === 'string' ? field : undefined);
  return [{ urls: list, username: text(username), credential: text(credential) }];
}

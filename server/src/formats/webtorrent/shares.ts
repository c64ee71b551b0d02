/**
 * Streams that are shared by a link: while there are some, they are announced to the tracker, and offers that come by it
 * are answered as those of any viewer.
 *
 *   announce each share, every minute ─▶ tracker ─▶ offer, encrypted ─▶ webrtc.answer ─▶ answer, encrypted
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import type { JsonObject } from '../webrtc/dialects/json.ts';
import { type JsonSocket, openJsonSocket } from '../webrtc/dialects/json-socket.ts';
import {
  decryptDescription,
  encryptDescription,
  infoHash,
  isTimely,
  MAX_AGE_MS,
  type Share,
} from './cipher.ts';
import { type Announce, createPeerId, parseAnnounce } from './message.ts';
import { checkShare, trackerOf } from './settings.ts';

export interface SharedStream extends Share {
  /** Name of the stream. */
  readonly source: string;
  /** In the config: stays until it is taken out there. */
  readonly configured: boolean;
}

/** Shares of the config, by name. */
export type ShareSettings = Readonly<Record<string, { readonly pwd?: string; readonly src?: string }>>;

const ANNOUNCE_MS = 60_000;
const RECONNECT_MS = 60_000;
const TIMEOUT_MS = 10_000;
const NAME_LENGTH = 10;
const MAX_SHARES = 100;
/** Offers answered in the last hours: the same one again is a replay. */
const MAX_REMEMBERED = 10_000;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export class Shares {
  readonly #services: Services;
  readonly #log: Logger;
  /** By info hash. */
  readonly #shares = new Map<string, SharedStream>();
  readonly #answered = new Map<string, number>();
  #running: AbortController | undefined;
  #socket: JsonSocket | undefined;
  #peerId = createPeerId();

  constructor(services: Services, log: Logger) {
    this.#services = services;
    this.#log = log;
  }

  get list(): readonly SharedStream[] {
    return [...this.#shares.values()];
  }

  /** The share of a stream, or of this name. */
  find(source: string): SharedStream | undefined {
    return this.list.find((share) => share.source === source) ?? this.#shares.get(infoHash(source));
  }

  /** Shares a stream under a name that nobody guesses. Throws StreamError `limit`. */
  add(source: string): SharedStream {
    const share = { name: randomText(), password: randomText(), source, configured: false };
    this.#put(share);
    return share;
  }

  /** False: it was not shared. */
  remove(source: string): boolean {
    const share = this.find(source);
    if (!share) return false;
    this.#shares.delete(infoHash(share.name));
    if (this.#shares.size === 0) this.#stop();
    return true;
  }

  /** Takes over the shares of the config; those of the API stay. */
  apply(settings: ShareSettings): void {
    for (const { name, configured } of this.list) if (configured) this.#shares.delete(infoHash(name));
    for (const [name, { pwd = '', src = '' }] of Object.entries(settings)) {
      try {
        this.#put({ ...checkShare(name, pwd), source: src, configured: true });
      } catch (error) {
        this.#log.warn('share', { stream: src, error });
      }
    }
    if (this.#shares.size === 0) this.#stop();
  }

  close(): void {
    this.#shares.clear();
    this.#stop();
  }

  #put(share: SharedStream): void {
    if (this.#shares.size >= MAX_SHARES) throw new StreamError('limit', 'too many shares');
    this.#shares.set(infoHash(share.name), share);
    if (this.#socket) this.#announce(share);
    if (!this.#running) {
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    }
  }

  #stop(): void {
    this.#running?.abort(new StreamError('aborted', 'nothing is shared any more'));
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#serve(signal);
      } catch (error) {
        if (!signal.aborted) this.#log.warn('tracker', { error: toStreamError(error) });
      }
      await sleep(RECONNECT_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** One connection to the tracker, until it ends. */
  async #serve(signal: AbortSignal): Promise<void> {
    const url = trackerOf(this.#services.section('webtorrent'));
    const socket = await openJsonSocket({ url, timeoutMs: TIMEOUT_MS, signal }, (message) => {
      const announce = parseAnnounce(message);
      if (announce?.offer !== undefined) void this.#onOffer(announce, socket);
    });
    this.#socket = socket;
    this.#peerId = createPeerId();
    this.#announceAll();
    const timer = setInterval(() => this.#announceAll(), ANNOUNCE_MS);
    try {
      await socket.ended;
    } finally {
      clearInterval(timer);
      this.#socket = undefined;
    }
  }

  #announceAll(): void {
    for (const share of this.#shares.values()) this.#announce(share);
  }

  #announce({ name }: Share): void {
    const info_hash = infoHash(name);
    this.#socket?.send({ action: 'announce', info_hash, peer_id: this.#peerId, offers: [], numwant: 10 });
  }

  async #onOffer(announce: Announce, socket: JsonSocket): Promise<void> {
    const { infoHash: info_hash, peerId, offerId, offer = '' } = announce;
    const share = this.#shares.get(info_hash);
    if (!share || !this.#isNew(offerId)) return;
    try {
      const sdp = decryptDescription(share, offerId, offer);
      this.#answered.set(offerId, Date.now());
      const answer = encryptDescription(share, offerId, await this.#answer(share, sdp));
      socket.send({
        action: 'announce',
        info_hash,
        peer_id: this.#peerId,
        to_peer_id: peerId,
        offer_id: offerId,
        answer: { type: 'answer', sdp: answer },
      } satisfies JsonObject);
    } catch (error) {
      this.#log.debug('offer', { stream: share.source, error: toStreamError(error) });
    }
  }

  async #answer({ source }: SharedStream, offer: string): Promise<string> {
    const stream = this.#services.streams.get(source);
    const webrtc = this.#services.webrtc();
    if (!stream) throw new StreamError('not_found', `no stream ${source}`);
    if (!webrtc) throw new StreamError('unsupported', 'WebRTC is not running');
    return (await webrtc.answer(stream, offer, 'view', { format: 'webtorrent', protocol: 'ws' })).sdp;
  }

  /** Of about now, and not answered yet. */
  #isNew(offerId: string): boolean {
    const oldest = Date.now() - 2 * MAX_AGE_MS;
    for (const [id, answeredMs] of this.#answered) {
      if (answeredMs > oldest && this.#answered.size < MAX_REMEMBERED) break;
      this.#answered.delete(id);
    }
    return isTimely(offerId) && !this.#answered.has(offerId);
  }
}

const randomText = (): string =>
  Array.from({ length: NAME_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');

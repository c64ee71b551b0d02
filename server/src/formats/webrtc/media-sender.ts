/**
 * All that a viewer is sent: its tracks, in order, at a pace that sockets and Wi-Fi can swallow.
 *
 *   burst (packets since the last key frame) ─▶ timestamps pressed together, ending at the live one ─┐
 *   live chunks ─────────────────────────────────────────────────────────────────────────────────────┴▶ pace ─▶ path
 *
 * Pressed together, the burst lies in the past for the viewer's jitter buffer: it decodes it as fast as it can and goes on
 * live. With true timestamps it would play the burst at normal speed and stay behind for ever.
 */
import type { IcePath } from '../../net/ice-path.ts';
import { SRTP_BATCH } from '../../rtp/srtp.ts';
import type { PayloadChunk, PayloadMuxer } from './output.ts';
import type { Sending, TrackSender } from './track-sender.ts';

/** Between two frames of a burst. */
const BURST_STEP_SECONDS = 0.001;
/** What may leave over UDP at once; then a pause, so that a key frame is no single blow. */
const PACE_PACKETS = SRTP_BATCH;
const PACE_INTERVAL_MS = 3;

interface Waiting {
  readonly sender: TrackSender;
  readonly sending: Sending;
}

export class MediaSender {
  readonly #path: () => IcePath | undefined;
  /** By index of the muxer's tracks; undefined for those that the peer does not take. */
  readonly #senders: readonly (TrackSender | undefined)[];
  readonly #onBegin: () => void;
  #muxer: PayloadMuxer | undefined;
  #burst: PayloadChunk[] | undefined = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Newest chunk of each track: what sender reports refer to. */
  readonly #newest: (PayloadChunk | undefined)[] = [];

  /** `onBegin`: a track is about to send its first packet. Its sender report is best sent now: it tells where the track lies. */
  constructor(
    path: () => IcePath | undefined,
    senders: readonly (TrackSender | undefined)[],
    onBegin: () => void,
  ) {
    this.#path = path;
    this.#senders = senders;
    this.#onBegin = onBegin;
  }

  get queuedBytes(): number {
    return this.#waitingBytes + (this.#path()?.queuedBytes ?? 0);
  }

  /** Chunks of this muxer follow. */
  start(muxer: PayloadMuxer): void {
    this.#muxer = muxer;
    this.#newest.length = 0;
  }

  write(chunk: PayloadChunk): void {
    if (this.#burst) this.#burst.push(chunk);
    else this.#enqueue(chunk, 0);
  }

  /** The chunks so far were the past: they are sent now, and what comes from now on is live. */
  endBurst(): void {
    const burst = this.#burst ?? [];
    this.#burst = undefined;
    const video = burst.filter(({ track }) => this.#isVideo(track));
    const last = Math.max(...video.map(({ ticks }) => ticks));
    const first = Math.min(...video.map(({ ticks }) => ticks));
    const clockRate = this.#muxer?.clockRate(video[0]?.track ?? 0) ?? 1;
    const span = (video.length - 1) * BURST_STEP_SECONDS * clockRate;
    const press = last > first ? Math.min(1, span / (last - first)) : 1;
    for (const chunk of video) this.#enqueue(chunk, Math.round((last - chunk.ticks) * (1 - press)));
  }

  /** Sender reports of all tracks that were sent. */
  reports(): Buffer[] {
    const muxer = this.#muxer;
    if (!muxer) return [];
    return this.#newest.flatMap((chunk, track) => {
      const sender = this.#senders[track];
      if (!chunk || !sender) return [];
      const { ticks } = chunk;
      return sender.senderReport(muxer.wallClock.wallMs(ticks / muxer.clockRate(track)), ticks);
    });
  }

  /** The peer lost a packet. */
  retransmit(ssrc: number, sequence: number): void {
    const path = this.#path();
    if (path)
      this.#senders.find((sender) => sender?.ssrc === ssrc)?.retransmit(sequence, path, performance.now());
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#burst = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #isVideo(track: number): boolean {
    return this.#muxer?.tracks[track]?.codec.kind === 'video';
  }

  #enqueue(chunk: PayloadChunk, shift: number): void {
    const sender = this.#senders[chunk.track];
    const path = this.#path();
    if (!sender || !path) return;
    const begins = this.#newest[chunk.track] === undefined;
    this.#newest[chunk.track] = chunk;
    if (begins) this.#onBegin();
    const sending = sender.begin(chunk, shift);
    if (this.#waiting.length === 0 && this.#timer === undefined) {
      let done = sender.continue(sending, path);
      while (!done && path.protocol === 'tcp') done = sender.continue(sending, path);
      if (done) return;
    }
    this.#waiting.push({ sender, sending });
    this.#waitingBytes += chunk.bytes;
    this.#timer ??= setTimeout(this.#pace, PACE_INTERVAL_MS);
  }

  readonly #pace = (): void => {
    this.#timer = undefined;
    const path = this.#path();
    let left = path?.protocol === 'udp' ? PACE_PACKETS : Number.POSITIVE_INFINITY;
    while (path && left > 0) {
      const next = this.#waiting[0];
      if (!next) return;
      const { chunk, next: packet } = next.sending;
      left -= Math.min(SRTP_BATCH, chunk.block.offsets.length - packet);
      if (!next.sender.continue(next.sending, path)) continue;
      this.#waiting.shift();
      this.#waitingBytes -= chunk.bytes;
    }
    this.#timer = setTimeout(this.#pace, PACE_INTERVAL_MS);
  };
}

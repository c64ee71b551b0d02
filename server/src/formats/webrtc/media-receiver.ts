/**
 * What a peer sends, as the input of a producer: for clients that publish (ingest.ts) and for sources (producer.ts).
 *
 *   RTP ─▶ received-track per section ─▶ packets, held until the tracks are known ─▶ ready, run
 *       ◀─ receiver reports, lost packets (NACK), key frames (PLI), how much may be sent (REMB)
 */
import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import type { Peer, Track, WritePacket } from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { parseRtcp } from '../../rtp/rtcp.ts';
import { maximumBitrate } from './maximum-bitrate.ts';
import { type ReceivedMedia, ReceivedTrack } from './received-track.ts';

export interface MediaReceiverOptions {
  readonly medias: readonly ReceivedMedia[];
  /** Its counters are kept. */
  readonly peer: Peer;
  readonly sendRtcp: (packet: Buffer) => void;
  /** How often a key frame is asked for without need: encoders of browsers make none by themselves. */
  readonly keyframeIntervalMs?: number | undefined;
  /** Once: the tracks are known. */
  readonly onReady: () => void;
  /** The peer says that all its tracks are over (no reason), or sends nothing. */
  readonly onEnd: (reason?: StreamError) => void;
}

/** From the first packet of a track until the others are not waited for any more. */
const OTHER_TRACKS_MS = 2000;
const FIRST_TRACK_TIMEOUT_MS = 10_000;
/** From the first packet of a picture that does not begin with a key frame. */
const KEYFRAME_PATIENCE_MS = 250;
/** Between two key frames asked for because of losses. */
const KEYFRAME_PAUSE_MS = 500;
const REPORT_INTERVAL_MS = 1000;
const SILENCE_TIMEOUT_MS = 15_000;
const MAX_HELD_BYTES = 16 << 20;
/** What a peer may send: more than any camera does. */
const BITS_A_SECOND = 20e6;

export class MediaReceiver {
  readonly #options: MediaReceiverOptions;
  readonly #tracks: readonly ReceivedTrack[];
  readonly #input: HeldInput;
  readonly #timers = new Set<NodeJS.Timeout>();
  #lossTimer: NodeJS.Timeout | undefined;
  #heardMs = 0;
  #keyframeAskedMs = Number.NEGATIVE_INFINITY;
  #settling = false;
  #ready = false;
  #closed = false;

  constructor(options: MediaReceiverOptions) {
    const clock = new MediaClock();
    this.#options = options;
    this.#input = new HeldInput({ onFull: () => this.#settle(), maximumBytes: MAX_HELD_BYTES });
    this.#tracks = options.medias.map(
      (media, id) =>
        new ReceivedTrack({
          id,
          media,
          clock,
          write: this.#input.write,
          onLost: () => this.#mendLoss(id),
        }),
    );
  }

  /** Those that are known. */
  get tracks(): readonly Track[] {
    return this.#tracks.flatMap(({ track }) => track ?? []);
  }

  /** Packets that were lost and came when they were asked for. */
  get recovered(): number {
    return this.#tracks.reduce((sum, { recovered }) => sum + recovered, 0);
  }

  /** Media can flow. */
  start(): void {
    if (this.#closed || this.#tracks.length === 0) return;
    this.#heardMs = performance.now();
    this.#timers.add(setInterval(() => this.#report(), REPORT_INTERVAL_MS));
    this.#after(FIRST_TRACK_TIMEOUT_MS, () => this.#settle());
    const { keyframeIntervalMs } = this.#options;
    if (keyframeIntervalMs !== undefined)
      this.#timers.add(setInterval(() => this.#requestAllKeyframes(), keyframeIntervalMs));
  }

  push(packet: Buffer): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    const track = this.#tracks.find((candidate) => candidate.push(packet, nowMs));
    if (!track) return;
    this.#heardMs = nowMs;
    this.#options.peer.bytesReceived += packet.length;
    if (track.lossesDueMs !== undefined) this.#scheduleLossReport(track.lossesDueMs - nowMs);
    if (!this.#ready) this.#advance();
  }

  pushRtcp(packet: Buffer): void {
    const nowMs = performance.now();
    for (const track of this.#tracks) track.pushRtcp(packet, nowMs);
    const gone = new Set<number>();
    parseRtcp(packet, 0, packet.length, { goodbye: (ssrc) => void gone.add(ssrc) });
    const sources = this.#sources();
    if (sources.length > 0 && sources.every((ssrc) => gone.has(ssrc))) this.#options.onEnd();
  }

  /** As Producer.run, for the tracks that were known when it was ready. */
  run(tracks: readonly Track[], write: WritePacket, signal: AbortSignal): Promise<void> {
    return this.#input.run(tracks, write, signal);
  }

  requestKeyframe(trackId: number): void {
    const request = this.#tracks[trackId]?.keyframeRequest();
    if (request) this.#options.sendRtcp(request);
  }

  /** `run` ends: with the reason, if there is one. */
  close(reason?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#lossTimer);
    this.#input.end(reason);
  }

  /** Ready when every section has a track; those that take long are left behind. */
  #advance(): void {
    if (this.#tracks.every(({ track }) => track)) this.#settle();
    if (this.#ready || this.#settling) return;
    this.#settling = true;
    this.#after(KEYFRAME_PATIENCE_MS, () => this.#awaitKeyframes());
    this.#after(OTHER_TRACKS_MS, () => {
      if (this.tracks.length > 0) this.#settle();
    });
  }

  #settle(): void {
    if (this.#ready || this.#closed) return;
    if (this.tracks.length === 0) {
      const silent = this.#sources().length === 0;
      const what = silent ? 'the peer sent no media in time' : 'no parameter sets of the video came in time';
      this.#options.onEnd(new StreamError('timeout', `webrtc: ${what}`));
      return;
    }
    this.#ready = true;
    this.#options.onReady();
  }

  #after(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  #scheduleLossReport(delayMs: number): void {
    this.#lossTimer ??= setTimeout(
      () => {
        this.#lossTimer = undefined;
        this.#reportLosses();
      },
      Math.max(1, delayMs),
    );
  }

  #reportLosses(): void {
    const nowMs = performance.now();
    let nextMs: number | undefined;
    for (const track of this.#tracks) {
      const report = track.lossReport(nowMs);
      if (report) this.#options.sendRtcp(report);
      const dueMs = track.lossesDueMs;
      if (dueMs !== undefined) nextMs = Math.min(nextMs ?? dueMs, dueMs);
    }
    if (nextMs !== undefined && !this.#closed) this.#scheduleLossReport(nextMs - nowMs);
  }

  #mendLoss(id: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#keyframeAskedMs < KEYFRAME_PAUSE_MS) return;
    this.#keyframeAskedMs = nowMs;
    this.requestKeyframe(id);
  }

  /** Pictures that began in the middle are of no use before a key frame. */
  #awaitKeyframes(): void {
    for (const { id, keySeen } of this.#tracks) if (!keySeen) this.requestKeyframe(id);
  }

  #requestAllKeyframes(): void {
    for (const { id } of this.#tracks) this.requestKeyframe(id);
  }

  #report(): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardMs > SILENCE_TIMEOUT_MS) {
      this.#options.onEnd(new StreamError('stalled', 'webrtc: the peer sends no media'));
      return;
    }
    const { peer, sendRtcp } = this.#options;
    peer.corrupt = this.#tracks.reduce((sum, { corrupt }) => sum + corrupt, 0);
    for (const track of this.#tracks) {
      const report = track.receiverReport(nowMs);
      if (report) sendRtcp(report);
    }
    this.#awaitKeyframes();
    const sources = this.#sources();
    if (sources.length > 0) sendRtcp(maximumBitrate(0, sources, BITS_A_SECOND));
  }

  #sources(): number[] {
    return this.#tracks.flatMap(({ ssrc }) => ssrc ?? []);
  }
}

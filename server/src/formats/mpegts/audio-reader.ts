/**
 * Audio out of PES packets: frames, which may be cut by the packets, and their times.
 *
 *   PES      ┌ PTS 1 │ frame frame fra ┐┌ PTS 2 │ me frame frame ┐
 *   times      1     1+n   1+2n                      2     2+n
 *
 * A timestamp is that of the first frame that begins in the packet. Times count samples from there; the next timestamp
 * moves them only if it is off by more than its own rounding and a little jitter.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import type { AudioFraming } from './audio-framing.ts';
import { CLOCK_RATE } from './transport.ts';

/** Receives a frame: `pts` and `samples` in ticks of the codec's clock. */
export type EmitAudio = (codec: AudioCodec, data: Buffer, pts: number, samples: number) => void;

const MAX_PENDING_BYTES = 64 << 10;
const JITTER_SECONDS = 0.005;

export class AudioReader {
  readonly #framing: AudioFraming;
  readonly #emit: EmitAudio;
  #pending: Buffer = Buffer.alloc(0);
  /** Timestamp of the next frame, in ticks of 90 kHz; undefined where the one before says when. */
  #stated: number | undefined;
  /** When the next frame begins, in ticks of the codec's clock. */
  #next: number | undefined;
  #clock: number | undefined;
  #inSync = true;
  /** Runs of bytes that were no frame. */
  corrupt = 0;

  constructor(framing: AudioFraming, emit: EmitAudio) {
    this.#framing = framing;
    this.#emit = emit;
  }

  get codec(): AudioCodec | undefined {
    return this.#framing.codec;
  }

  /** `payload` is the reader's own from now on. */
  push(payload: Buffer, times: { readonly pts: number } | undefined): void {
    const boundary = this.#pending.length;
    const data = boundary > 0 ? Buffer.concat([this.#pending, payload]) : payload;
    let fresh = times?.pts;
    let at = 0;
    while (at < data.length) {
      if (at >= boundary && fresh !== undefined) {
        this.#stated = fresh;
        fresh = undefined;
      }
      const taken = this.#framing.read(data, at, this.#frame);
      if (taken === 0) break;
      if (taken > 0) {
        at += taken;
        this.#inSync = true;
      } else at = this.#resync(data, at);
    }
    if (fresh !== undefined && at >= boundary) this.#stated = fresh;
    this.#pending = at < data.length ? Buffer.from(data.subarray(at)) : Buffer.alloc(0);
    if (this.#pending.length > MAX_PENDING_BYTES) this.lost();
  }

  /** What comes next does not go on from here: drops the beginning of a frame. Whether there was one. */
  lost(): boolean {
    const wasCut = this.#pending.length > 0;
    this.#pending = Buffer.alloc(0);
    return wasCut;
  }

  readonly #frame = (data: Buffer, samples: number): void => {
    const { codec } = this.#framing;
    if (!codec) return;
    const pts = this.#timeOf(codec.timeBase);
    if (pts === undefined) return;
    this.#next = pts + samples;
    this.#emit(codec, data, pts, samples);
  };

  #timeOf(timeBase: number): number | undefined {
    if (timeBase !== this.#clock && this.#next !== undefined && this.#clock)
      this.#next = Math.round((this.#next * timeBase) / this.#clock);
    this.#clock = timeBase;
    if (this.#stated === undefined) return this.#next;
    const stated = Math.round((this.#stated * timeBase) / CLOCK_RATE);
    this.#stated = undefined;
    const follows = this.#next !== undefined && Math.abs(stated - this.#next) <= JITTER_SECONDS * timeBase;
    return follows ? this.#next : stated;
  }

  /** Where the next frame may begin. */
  #resync(data: Buffer, at: number): number {
    if (this.#inSync) this.corrupt++;
    this.#inSync = false;
    const { syncByte } = this.#framing;
    const next = syncByte === undefined ? -1 : data.indexOf(syncByte, at + 1);
    return next < 0 ? data.length : next;
  }
}

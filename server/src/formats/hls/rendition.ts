/**
 * Segments of one media playlist → packets on the time line of the whole source.
 *
 *   era 0: 100.0 … 108.0 │ discontinuity │ era 1: 3.0 … 11.0
 *   packets  100.0 … 108.0                          108.0 … 116.0         audio of a playlist of its own follows the same shift
 */
import { sameCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Packet, Track } from '../../core/model.ts';
import type { Delivery } from './follower.ts';

/** A packet before its wall clock is known. */
export interface Timed extends Omit<Packet, 'time'> {
  /** ms since 1970, from the playlist; 0 = not told. */
  time: number;
}

/** Shared by all renditions of a source. */
export class Eras {
  readonly #shifts = new Map<string, number>();
  #endSeconds = 0;

  /** Seconds to add to the times of an era whose first packet is at `seconds`. */
  shift(era: string, seconds: number): number {
    let shift = this.#shifts.get(era);
    if (shift === undefined) {
      shift = this.#shifts.size === 0 ? 0 : this.#endSeconds - seconds;
      this.#shifts.set(era, shift);
      if (this.#shifts.size > MAXIMUM_ERAS) this.#shifts.delete(this.#shifts.keys().next().value!);
    }
    return shift;
  }

  reached(seconds: number): void {
    if (seconds > this.#endSeconds) this.#endSeconds = seconds;
  }
}

const MAXIMUM_ERAS = 64;
/** Times within an era that step farther than this begin another one, although the playlist does not say so. */
const JUMP_SECONDS = 30;
const USUAL_FRAME_SECONDS = 0.04;
const RECENT_MS = 600_000;

/** Which tracks of its segments a rendition gives. */
export type Kinds = readonly ('video' | 'audio')[];

export class Rendition {
  readonly #eras: Eras;
  readonly #kinds: Kinds;
  readonly #emit: (packet: Timed) => void;
  /** The first track of each kind, as the core knows it. */
  readonly #tracks = new Map<string, Track>();
  #demuxer: Demuxer | undefined;
  #era = '';
  #jumps = 0;
  #shiftSeconds: number | undefined;
  #lastSeconds = 0;
  #segmentTimeMs: number | undefined;
  #segmentStart: number | undefined;
  /** Output time up to which this rendition has come. */
  endSeconds = 0;

  constructor(eras: Eras, kinds: Kinds, emit: (packet: Timed) => void) {
    this.#eras = eras;
    this.#kinds = kinds;
    this.#emit = emit;
  }

  get tracks(): readonly Track[] {
    return [...this.#tracks.values()];
  }
  /** All tracks that the segments announce have been seen. */
  get ready(): boolean {
    if (!this.#demuxer?.ready) return false;
    for (const track of this.#demuxer.tracks) this.#known(track);
    return this.#tracks.size > 0;
  }
  get corrupt(): number {
    return this.#demuxer?.corrupt ?? 0;
  }

  /** Takes a segment apart. Throws StreamError for a format that cannot be read. */
  async feed({ segment, bytes, init, era }: Delivery): Promise<void> {
    if (era !== this.#era || !this.#demuxer) {
      this.flush();
      this.#demuxer = await createDemuxer(init ?? bytes);
      this.#era = era;
      this.#shiftSeconds = undefined;
    }
    this.#segmentTimeMs = isRecent(segment.timeMs) ? segment.timeMs : undefined;
    this.#segmentStart = undefined;
    if (init) this.#demuxer.push(init, this.#write);
    this.#demuxer.push(bytes, this.#write);
  }

  flush(): void {
    this.#demuxer?.flush?.(this.#write);
  }

  readonly #write = (packet: Packet): void => {
    const track = this.#known(packet.track);
    if (!track || packet.track.codec.kind !== track.codec.kind) return;
    const { timeBase } = packet.track.codec;
    const seconds = packet.dts / timeBase;
    if (this.#shiftSeconds !== undefined && Math.abs(seconds - this.#lastSeconds) > JUMP_SECONDS) {
      this.#shiftSeconds = this.#eras.shift(`${this.#era} ${++this.#jumps}`, seconds);
    }
    this.#shiftSeconds ??= this.#eras.shift(this.#era, seconds);
    this.#lastSeconds = seconds;
    const shift = Math.round(this.#shiftSeconds * timeBase);
    this.#segmentStart ??= seconds;
    const time =
      this.#segmentTimeMs === undefined
        ? 0
        : Math.round(this.#segmentTimeMs + 1000 * (seconds - this.#segmentStart));
    const { data, pts, dts, duration, key } = packet;
    this.endSeconds = Math.max(this.endSeconds, seconds + this.#shiftSeconds);
    this.#eras.reached(seconds + this.#shiftSeconds + (duration / timeBase || USUAL_FRAME_SECONDS));
    this.#emit({ track, data, pts: pts + shift, dts: dts + shift, duration, key, time });
  };

  /** The core's track for one of the demuxer's; undefined for the second of a kind. */
  #known(track: Track): Track | undefined {
    const { kind } = track.codec;
    if (!this.#kinds.includes(kind)) return undefined;
    const first = this.#demuxer?.tracks.find(({ codec }) => codec.kind === kind);
    if (first && first.id !== track.id) return undefined;
    let known = this.#tracks.get(kind);
    if (!known || !sameCodec(known.codec, track.codec)) {
      known = { id: kind === 'video' ? 0 : 1, codec: track.codec };
      this.#tracks.set(kind, known);
    }
    return known;
  }
}

/** A recording tells the time of its making, which is nothing to a live stream. */
const isRecent = (timeMs: number | undefined): boolean =>
  timeMs !== undefined && Math.abs(timeMs - Date.now()) < RECENT_MS;

/** The demuxer for what a segment, or its initialization segment, begins with. */
async function createDemuxer(head: Buffer): Promise<Demuxer> {
  if (head[0] === 0x47) return (await import('../mpegts/demuxer.ts')).createDemuxer();
  const type = head.toString('latin1', 4, 8);
  if (/^(?:ftyp|styp|moov|moof|sidx|emsg|prft|free)$/.test(type))
    return (await import('../mp4/demuxer.ts')).createDemuxer();
  if (head.toString('latin1', 0, 3) === 'ID3' || (head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0))
    return (await import('./packed-audio.ts')).createPackedAudioDemuxer();
  throw new StreamError('unsupported', `hls: segments begin with ${head.subarray(0, 8).toString('hex')}`);
}

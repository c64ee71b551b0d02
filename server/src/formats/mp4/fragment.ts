/**
 * Media fragments: one `moof` and one `mdat`, with a run of samples for each track that has some.
 *
 *   ┌ head: copied and stamped for each viewer ────────────┐┌ body: shared ────────────┐
 *   moof (mfhd, traf (tfhd, tfdt, trun), traf …) mdat header  video sample, audio samples
 *
 * The head holds what differs between viewers: the sequence number and the decode times (playback-time.ts).
 * Source of truth: ISO 14496-12 §8.8 (fragments), §8.8.12 (tfdt).
 */
import type { Chunk } from '../../core/model.ts';
import { DEPENDENT_SAMPLE, SYNC_SAMPLE } from './init.ts';

/** One access unit; times in ticks of its track. */
export interface Sample {
  /** The bytes, in one or more pieces. */
  readonly data: readonly Buffer[];
  readonly size: number;
  /** At least 1. */
  readonly duration: number;
  /** Presentation minus decode time, unsigned: ffmpeg's reader of live fragments mistakes the times of signed ones. */
  readonly compositionOffset: number;
  readonly key: boolean;
}

/** Samples of one track that follow each other without a gap. */
export interface Run {
  /** track_ID: its place in the initialization segment, from 1. */
  readonly trackId: number;
  /** Ticks a second. */
  readonly timescale: number;
  /** Ticks of the first sample. */
  readonly decodeTime: number;
  readonly samples: readonly Sample[];
}

/** Where to stamp a run in the head, and what stands there before: times in ticks. */
export interface RunPosition {
  /** Offset of the `traf` box. */
  readonly offset: number;
  readonly trackId: number;
  readonly timescale: number;
  readonly decodeTime: number;
  /** Of all samples, and of the first. */
  readonly duration: number;
  readonly firstDuration: number;
}

/** A fragment. `bytes` counts head and body; `seconds` is the decode time of its first run (video, where there is any). */
export interface Mp4Chunk extends Chunk {
  /** `moof` and the header of the `mdat`, with sequence number 0 and decode times 0. */
  readonly head: Buffer;
  readonly runs: readonly RunPosition[];
  /** Counts the chunks of a muxer: a gap in what a viewer got means that it skipped some. */
  readonly index: number;
  /** Seconds: the earliest decode time, and the latest end, of all runs. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** Offset in the head. */
export const SEQUENCE_FIELD = 20;
/** Offsets in a `traf`: its type, the 64-bit baseMediaDecodeTime, the duration of the first sample. */
export const TRACK_FRAGMENT_FIELDS = { type: 4, decodeTime: 36, firstDuration: 68 } as const;
const MOVIE_HEADERS_BYTES = 8 + 16; // moof, mfhd
const TRACK_HEADERS_BYTES = 8 + 16 + 20; // traf, tfhd, tfdt
const RUN_HEADER_BYTES = 24;
const MDAT_HEADER_BYTES = 8;

const DEFAULT_BASE_IS_MOOF = 0x020000;
const RUN_FLAGS = 0x000001 | 0x000004 | 0x000100 | 0x000200; // data offset, first sample's flags, durations, sizes
const COMPOSITION_OFFSETS = 0x000800;

/** Makes a chunk of runs that have at least one sample each. */
export function createFragment(runs: readonly Run[], key: boolean, index: number): Mp4Chunk {
  const offsetsInRun = runs.map(({ samples }) =>
    samples.some(({ compositionOffset }) => compositionOffset !== 0),
  );
  let moofBytes = MOVIE_HEADERS_BYTES;
  runs.forEach(({ samples }, at) => {
    moofBytes += TRACK_HEADERS_BYTES + RUN_HEADER_BYTES + samples.length * (offsetsInRun[at] ? 12 : 8);
  });
  const head = Buffer.allocUnsafe(moofBytes + MDAT_HEADER_BYTES);
  const positions: RunPosition[] = [];
  let dataOffset = head.length;
  let startSeconds = Number.POSITIVE_INFINITY;
  let endSeconds = Number.NEGATIVE_INFINITY;
  let packets = 0;

  let offset = writeBoxHeader(head, 0, moofBytes, 'moof');
  offset = writeBoxHeader(head, offset, 16, 'mfhd');
  offset = head.writeUInt32BE(0, offset);
  offset = head.writeUInt32BE(0, offset);
  runs.forEach((run, at) => {
    const { trackId, timescale, decodeTime, samples } = run;
    const firstDuration = samples[0]!.duration;
    let size = 0;
    let duration = 0;
    for (const sample of samples) {
      size += sample.size;
      duration += sample.duration;
    }
    positions.push({ offset, trackId, timescale, decodeTime, duration, firstDuration });
    offset = writeTrackFragment(head, offset, run, offsetsInRun[at] === true, dataOffset);
    dataOffset += size;
    packets += samples.length;
    startSeconds = Math.min(startSeconds, decodeTime / timescale);
    endSeconds = Math.max(endSeconds, (decodeTime + duration) / timescale);
  });
  writeBoxHeader(head, offset, dataOffset - moofBytes, 'mdat');

  return {
    head,
    runs: positions,
    index,
    startSeconds,
    endSeconds,
    body: bodyOf(runs),
    bytes: dataOffset,
    key,
    seconds: positions[0]!.decodeTime / positions[0]!.timescale,
    packets,
  };
}

function writeTrackFragment(
  target: Buffer,
  start: number,
  { trackId, samples }: Run,
  hasOffsets: boolean,
  dataOffset: number,
): number {
  const runBytes = RUN_HEADER_BYTES + samples.length * (hasOffsets ? 12 : 8);
  let offset = writeBoxHeader(target, start, TRACK_HEADERS_BYTES + runBytes, 'traf');
  offset = writeBoxHeader(target, offset, 16, 'tfhd');
  offset = target.writeUInt32BE(DEFAULT_BASE_IS_MOOF, offset);
  offset = target.writeUInt32BE(trackId, offset);
  offset = writeBoxHeader(target, offset, 20, 'tfdt');
  offset = target.writeUInt32BE(0x01000000, offset);
  target.fill(0, offset, offset + 8);
  offset = writeBoxHeader(target, offset + 8, runBytes, 'trun');
  offset = target.writeUInt32BE(hasOffsets ? RUN_FLAGS | COMPOSITION_OFFSETS : RUN_FLAGS, offset);
  offset = target.writeUInt32BE(samples.length, offset);
  offset = target.writeUInt32BE(dataOffset, offset);
  offset = target.writeUInt32BE(samples[0]!.key ? SYNC_SAMPLE : DEPENDENT_SAMPLE, offset);
  for (const { duration, size, compositionOffset } of samples) {
    offset = target.writeUInt32BE(duration, offset);
    offset = target.writeUInt32BE(size, offset);
    if (hasOffsets) offset = target.writeUInt32BE(compositionOffset, offset);
  }
  return offset;
}

function writeBoxHeader(target: Buffer, offset: number, size: number, type: string): number {
  target.writeUInt32BE(size, offset);
  return offset + 4 + target.write(type, offset + 4, 'latin1');
}

/** Large pieces as they are; small ones (audio, parameter sets) that follow each other joined, for fewer pieces a write. */
function bodyOf(runs: readonly Run[]): readonly Buffer[] {
  const body: Buffer[] = [];
  let small: Buffer[] = [];
  const flush = (): void => {
    if (small.length > 0) body.push(small.length === 1 ? small[0]! : Buffer.concat(small));
    small = [];
  };
  for (const { samples } of runs) {
    for (const { data } of samples) {
      for (const piece of data) {
        if (piece.length < SMALL_BYTES) small.push(piece);
        else {
          flush();
          body.push(piece);
        }
      }
    }
  }
  flush();
  return body;
}

const SMALL_BYTES = 1024;

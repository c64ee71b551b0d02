/**
 * The movie header, read: which tracks there are, and what their samples in fragments have in common. ISO 14496-12 §8.2 to §8.8.
 *
 *   moov ─ mvhd (timescale of edits)
 *        ─ trak (tkhd track_ID, edts/elst, mdia (mdhd timescale, minf/stbl (stsd, sample tables)))
 *        ─ mvex (trex: defaults of each track's fragments)
 */
import type { Codec } from '../../codecs/codec.ts';
import { bytesPerSample } from '../../codecs/pcm.ts';
import { StreamError } from '../../core/errors.ts';
import { allBoxes, FieldReader, findBox } from './read-boxes.ts';
import { readSampleDescription } from './read-sample-entry.ts';

/** What samples have where nothing else is said. */
export interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
}

/** A track of the file. */
export interface MovieTrack {
  readonly codec: Codec;
  /** track_ID. */
  readonly trackId: number;
  /** Ticks a second of all times in the file. */
  readonly timescale: number;
  /** Ticks between decode times and the movie's time line: the edit list, and where the composition of frames begins. */
  readonly startTicks: number;
  readonly compositionShift: number;
  /** PCM: bytes of one sample of all channels; else 0. */
  readonly pcmFrameBytes: number;
  readonly defaults: SampleDefaults;
  /** `stbl`, for samples outside of fragments. */
  readonly sampleTable: Buffer;
}

const MAXIMUM_TRACKS = 64;

/** The tracks that we know. Throws StreamError: `unsupported` when they are encrypted or none is known, `protocol` for a header without tracks. */
export function readMovie(moov: Buffer): readonly MovieTrack[] {
  const header = findBox(moov, 'mvhd');
  const movieTimescale = (header && readTimescale(header)) || 1000;
  const extend = findBox(moov, 'mvex');
  const defaults = new Map<number, SampleDefaults>();
  for (const trex of extend ? allBoxes(extend, 'trex') : []) {
    const fields = new FieldReader(trex, 4);
    const trackId = fields.u32();
    fields.skip(4);
    defaults.set(trackId, { duration: fields.u32(), size: fields.u32() });
  }
  const unknown: string[] = [];
  const tracks: MovieTrack[] = [];
  for (const trak of allBoxes(moov, 'trak').slice(0, MAXIMUM_TRACKS)) {
    const track = readTrack(trak, movieTimescale, defaults, unknown);
    if (track) tracks.push(track);
  }
  if (tracks.length > 0) return tracks;
  if (unknown.length > 0)
    throw new StreamError('unsupported', `mp4: no track that is known (${unknown.join(', ')})`);
  throw new StreamError('protocol', 'mp4: a movie header without tracks');
}

function readTrack(
  trak: Buffer,
  movieTimescale: number,
  defaults: ReadonlyMap<number, SampleDefaults>,
  unknown: string[],
): MovieTrack | undefined {
  const header = findBox(trak, 'tkhd');
  const mediaHeader = findBox(trak, 'mdia', 'mdhd');
  const sampleTable = findBox(trak, 'mdia', 'minf', 'stbl');
  const description = sampleTable && findBox(sampleTable, 'stsd');
  const timescale = mediaHeader && readTimescale(mediaHeader);
  if (!header || !timescale || !description) return undefined;
  const fields = new FieldReader(header);
  fields.skip(fields.u8() === 1 ? 19 : 11);
  const trackId = fields.u32();
  const { type, codec } = readSampleDescription(description);
  if (!codec) {
    unknown.push(type.replace(/[^\x20-\x7e]/g, '?'));
    return undefined;
  }
  const edits = findBox(trak, 'edts', 'elst');
  return {
    codec,
    trackId,
    timescale,
    startTicks: edits ? readEdits(edits, timescale / movieTimescale) : 0,
    compositionShift: readCompositionShift(findBox(sampleTable, 'cslg')),
    pcmFrameBytes: codec.kind === 'audio' ? bytesPerSample(codec) * codec.channels : 0,
    defaults: defaults.get(trackId) ?? { duration: 0, size: 0 },
    sampleTable,
  };
}

/** `mvhd` and `mdhd` have it in the same place. */
function readTimescale(header: Buffer): number {
  const fields = new FieldReader(header);
  fields.skip(fields.u8() === 1 ? 19 : 11);
  return fields.u32();
}

/** Where the media begins on the movie's time line: empty edits move it back, the first real one cuts off its start. */
function readEdits(elst: Buffer, ticksPerMovieTick: number): number {
  const fields = new FieldReader(elst);
  const isLong = fields.u8() === 1;
  fields.skip(3);
  let start = 0;
  for (let count = fields.u32(); count > 0 && !fields.overrun; count--) {
    const duration = isLong ? fields.u64() : fields.u32();
    const mediaTime = isLong ? fields.i64() : fields.i32();
    fields.skip(4);
    if (fields.overrun) break;
    if (mediaTime >= 0) return start - mediaTime;
    start += Math.round(duration * ticksPerMovieTick);
  }
  return start;
}

/** compositionToDTSShift (§8.6.1.4): by how much decode times must go down so that none is behind its composition time. */
function readCompositionShift(cslg: Buffer | undefined): number {
  if (!cslg) return 0;
  const fields = new FieldReader(cslg);
  const isLong = fields.u8() === 1;
  fields.skip(3);
  return Math.max(0, isLong ? fields.i64() : fields.i32());
}

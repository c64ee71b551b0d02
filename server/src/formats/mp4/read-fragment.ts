/**
 * A movie fragment, read: where the samples that follow it are, and when they are due. ISO 14496-12 §8.8.
 *
 *   moof ─ mfhd
 *        ─ traf (tfhd track and defaults, tfdt decode time, trun {duration, size, flags, composition offset}… )…
 *
 *   a sample's bytes begin at  base + data_offset of its run + sizes of the samples before it in the run
 *   base: base_data_offset of the tfhd, else the moof (default-base-is-moof, and always the first traf), else the
 *         end of the traf before
 */
import type { Lane, Spot } from './lane.ts';
import { FieldReader, findBox, readBoxes } from './read-boxes.ts';
import type { SampleDefaults } from './read-movie.ts';

export interface Fragment {
  /** In the order of the file. */
  readonly spots: readonly Spot[];
  /** Positions that count from the start of a file, which may not be where this stream began. */
  readonly absolute: boolean;
}

const TFHD = {
  base: 0x1,
  description: 0x2,
  duration: 0x8,
  size: 0x10,
  flags: 0x20,
  baseIsMoof: 0x20000,
} as const;
const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  offset: 0x800,
} as const;
const MAXIMUM_SAMPLES = 1 << 18;
/** PCM may have one entry a sample: as many go into one packet as make this many bytes. */
const PCM_PACKET_BYTES = 1024;

/** Reads the payload of the `moof` that began at this position. Tracks that we don't know are left out, and so is what is corrupt. */
export function readFragment(moof: Buffer, position: number, lanes: ReadonlyMap<number, Lane>): Fragment {
  const spots: Spot[] = [];
  let absolute = false;
  let dataEnd = position;
  let samplesLeft = MAXIMUM_SAMPLES;
  for (const { type, start, end } of readBoxes(moof)) {
    if (type !== 'traf') continue;
    const traf = moof.subarray(start, end);
    const header = findBox(traf, 'tfhd');
    const track = header && readTrackHeader(header);
    if (!track) continue;
    const lane = lanes.get(track.trackId);
    if (track.base !== undefined) absolute = true;
    const base = track.base ?? (track.baseIsMoof ? position : dataEnd);
    const defaults = {
      duration: track.duration ?? lane?.movie.defaults.duration ?? 0,
      size: track.size ?? lane?.movie.defaults.size ?? 0,
    };
    const decodeTime = findBox(traf, 'tfdt');
    if (lane && decodeTime) lane.nextDecodeTime = readDecodeTime(decodeTime);
    dataEnd = base;
    for (const run of readBoxes(traf)) {
      if (run.type !== 'trun') continue;
      const fields = new FieldReader(traf.subarray(run.start, run.end));
      const result = readRun(fields, { lane, defaults, base, dataEnd, samplesLeft });
      dataEnd = result.dataEnd;
      samplesLeft -= result.samples;
      for (const spot of result.spots) spots.push(spot);
    }
  }
  return { spots, absolute };
}

interface TrackHeader extends Partial<SampleDefaults> {
  readonly trackId: number;
  readonly base: number | undefined;
  readonly baseIsMoof: boolean;
}

function readTrackHeader(tfhd: Buffer): TrackHeader | undefined {
  const fields = new FieldReader(tfhd);
  const flags = fields.u32() & 0xffffff;
  const trackId = fields.u32();
  const base = flags & TFHD.base ? fields.u64() : undefined;
  if (flags & TFHD.description) fields.skip(4);
  const duration = flags & TFHD.duration ? fields.u32() : undefined;
  const size = flags & TFHD.size ? fields.u32() : undefined;
  if (fields.overrun) return undefined;
  return {
    trackId,
    base,
    baseIsMoof: (flags & TFHD.baseIsMoof) !== 0,
    ...(duration !== undefined && { duration }),
    ...(size !== undefined && { size }),
  };
}

function readDecodeTime(tfdt: Buffer): number {
  const fields = new FieldReader(tfdt);
  const isLong = fields.u8() === 1;
  fields.skip(3);
  return isLong ? fields.u64() : fields.u32();
}

interface RunContext {
  readonly lane: Lane | undefined;
  readonly defaults: SampleDefaults;
  readonly base: number;
  /** Where the run before ended. */
  readonly dataEnd: number;
  readonly samplesLeft: number;
}

function readRun(
  fields: FieldReader,
  { lane, defaults, base, dataEnd, samplesLeft }: RunContext,
): { spots: Spot[]; dataEnd: number; samples: number } {
  const flags = fields.u32() & 0xffffff;
  const samples = Math.min(fields.u32(), samplesLeft);
  let offset = flags & TRUN.dataOffset ? base + fields.i32() : dataEnd;
  if (flags & TRUN.firstFlags) fields.skip(4);
  const rows: { offset: number; size: number; time: number; duration: number; compositionOffset: number }[] =
    [];
  let time = lane?.nextDecodeTime ?? 0;
  for (let count = 0; count < samples; count++) {
    const duration = flags & TRUN.duration ? fields.u32() : defaults.duration;
    const size = flags & TRUN.size ? fields.u32() : defaults.size;
    if (flags & TRUN.flags) fields.skip(4);
    // Unsigned in version 0, but no offset is half of 2^32: writers put signed ones there too.
    const compositionOffset = flags & TRUN.offset ? fields.i32() : 0;
    if (fields.overrun) break;
    const last = rows.at(-1);
    if (last && lane?.movie.pcmFrameBytes && last.size + size <= PCM_PACKET_BYTES) {
      last.size += size;
      last.duration += duration;
    } else rows.push({ offset, size, time, duration, compositionOffset });
    lane?.lowerBy(compositionOffset);
    offset += size;
    time += duration;
  }
  if (!lane) return { spots: [], dataEnd: offset, samples };
  lane.nextDecodeTime = time;
  const spots = rows.flatMap(
    (row) => lane.place(row.offset, row.size, row.time, row.compositionOffset, row.duration) ?? [],
  );
  return { spots, dataEnd: offset, samples };
}

/**
 * The samples of an MP4 whose movie header stands in front and tells of all of them: ISO 14496-12 §8.6 and §8.7.
 *
 *   stbl ─ stts {count, duration}…          when each sample is decoded
 *        ─ ctts {count, composition offset}…  and shown
 *        ─ stsc {first chunk, samples a chunk}…  which chunk it is in
 *        ─ stsz or stz2: sizes               how long it is
 *        ─ stco or co64: positions of chunks
 */
import type { Lane, Spot } from './lane.ts';
import { FieldReader, findBox } from './read-boxes.ts';

const MAXIMUM_SAMPLES = 1 << 20;
/** PCM has one sample a row: a packet takes this many of them at most. */
const PCM_PACKET_SAMPLES = 1024;

/** Where all samples of the track are that its table has; none if it is corrupt, or if all samples are in fragments. */
export function readSampleTable(lane: Lane): Spot[] {
  const { sampleTable, pcmFrameBytes } = lane.movie;
  const sizes = readSizes(sampleTable, pcmFrameBytes);
  if (sizes.count === 0) return [];
  const step = pcmFrameBytes ? PCM_PACKET_SAMPLES : 1;
  const nextDuration = readRuns(sampleTable, 'stts', (fields) => fields.u32());
  const nextOffset = readRuns(sampleTable, 'ctts', (fields) => fields.i32());
  const samplesOfChunk = readChunkSizes(sampleTable);
  const rows: { offset: number; size: number; time: number; compositionOffset: number; duration: number }[] =
    [];
  let index = 0;
  let time = 0;
  let chunk = 0;
  for (const position of chunkPositions(sampleTable)) {
    let offset = position;
    for (let left = samplesOfChunk(chunk++); left > 0 && index < sizes.count; ) {
      const count = Math.min(step, left, sizes.count - index);
      let duration = 0;
      let size = 0;
      let compositionOffset = 0;
      for (let sample = 0; sample < count; sample++) {
        duration += nextDuration();
        compositionOffset = nextOffset();
        size += sizes.at(index++);
      }
      rows.push({ offset, size, time, compositionOffset, duration });
      lane.lowerBy(compositionOffset);
      offset += size;
      time += duration;
      left -= count;
    }
  }
  lane.nextDecodeTime = time;
  return rows.flatMap(
    (row) => lane.place(row.offset, row.size, row.time, row.compositionOffset, row.duration) ?? [],
  );
}

function readSizes(table: Buffer, pcmFrameBytes: number): { count: number; at(index: number): number } {
  const none = { count: 0, at: () => 0 };
  const stsz = findBox(table, 'stsz');
  if (!stsz) return readCompactSizes(findBox(table, 'stz2')) ?? none;
  if (stsz.length < 12) return none;
  const size = stsz.readUInt32BE(4);
  const count = stsz.readUInt32BE(8);
  const maximum = MAXIMUM_SAMPLES * (pcmFrameBytes ? PCM_PACKET_SAMPLES : 1);
  // QuickTime writes 1 for PCM of any width.
  if (size > 0) return { count: Math.min(count, maximum), at: () => (size === 1 && pcmFrameBytes) || size };
  return {
    count: Math.min(count, MAXIMUM_SAMPLES, (stsz.length - 12) >> 2),
    at: (index) => stsz.readUInt32BE(12 + 4 * index),
  };
}

function readCompactSizes(
  stz2: Buffer | undefined,
): { count: number; at(index: number): number } | undefined {
  if (!stz2 || stz2.length < 12) return undefined;
  const bits = stz2[7]!;
  if (bits !== 4 && bits !== 8 && bits !== 16) return undefined;
  const count = Math.min(stz2.readUInt32BE(8), MAXIMUM_SAMPLES, Math.floor(((stz2.length - 12) * 8) / bits));
  return {
    count,
    at(index) {
      if (bits === 16) return stz2.readUInt16BE(12 + 2 * index);
      if (bits === 8) return stz2[12 + index]!;
      const pair = stz2[12 + (index >> 1)]!;
      return index & 1 ? pair & 15 : pair >> 4;
    },
  };
}

/** Reads a table of {count, value} one sample after the other; zeros behind its end. */
function readRuns(table: Buffer, type: string, value: (fields: FieldReader) => number): () => number {
  const box = findBox(table, type);
  const fields = box && new FieldReader(box, 8);
  let left = 0;
  let current = 0;
  return () => {
    while (left === 0 && fields && fields.bytesLeft >= 8) {
      left = fields.u32();
      current = value(fields);
    }
    if (left === 0) return 0;
    left--;
    return current;
  };
}

/** Samples in each chunk, asked for in order. */
function readChunkSizes(table: Buffer): (chunk: number) => number {
  const box = findBox(table, 'stsc');
  const fields = box && new FieldReader(box, 8);
  let samples = 0;
  let next = fields && fields.bytesLeft >= 12 ? fields.u32() : Number.POSITIVE_INFINITY;
  return (chunk) => {
    while (fields && chunk + 1 >= next) {
      samples = fields.u32();
      fields.skip(4);
      next = fields.bytesLeft >= 12 ? fields.u32() : Number.POSITIVE_INFINITY;
    }
    return samples;
  };
}

function* chunkPositions(table: Buffer): Generator<number> {
  const short = findBox(table, 'stco');
  const long = short ? undefined : findBox(table, 'co64');
  const fields = new FieldReader(short ?? long ?? Buffer.alloc(0), 8);
  while (fields.bytesLeft >= (long ? 8 : 4)) yield long ? fields.u64() : fields.u32();
}

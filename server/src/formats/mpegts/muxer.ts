/**
 * MPEG transport stream of live tracks: one chunk per video packet, with the audio that came since the last one.
 *
 *   packets   V0           A0  A1  V1          A2  V2             V: written at once       A: held until the next V,
 *   chunks   [PAT PMT V0]         [V1 A0 A1]      [V2 A2]                                     at most 100 ms
 *
 * PAT and PMT stand at the start of every key chunk, and of others every quarter of a second: what begins with a key
 * chunk is a stream, or a segment of HLS, of its own, and continuity counters run on through all chunks. So there is no
 * header. Timestamps count the stream's own time line, modulo 2^33; the PCR is behind the decode time by 500 ms: the
 * time that a receiver has to get the bytes, and that sound which is transcoded may come behind its picture.
 *
 * Source of truth: ISO 13818-1; ETSI TS 101 154 §4.1.5 (PCR at least every 100 ms, tables every 500 ms).
 */
import { StreamError } from '../../core/errors.ts';
import type { Chunk, Muxer, Packet, Track } from '../../core/model.ts';
import { type Carriage, carriageOf } from './carriage.ts';
import {
  type ContinuityCounters,
  countPackets,
  MAX_BOUNDED_PAYLOAD,
  type Pes,
  writePcrPacket,
  writePes,
} from './pes-writer.ts';
import { buildTables } from './tables.ts';
import { CLOCK_RATE, PACKET_BYTES, PAT_PID } from './transport.ts';

/** Chunks may be cut into segments before any key chunk. */
export interface MpegtsMuxer extends Muxer {
  /** The tracks that are in the stream: those given that a transport stream can carry. */
  readonly tracks: readonly Track[];
  /** PAT and PMT in two packets, for those who cut where no key chunk begins. */
  readonly tables: Buffer;
  /** For the muxer that goes on from this one. */
  readonly counters: ContinuityCounters;
  readonly version: number;
}

const PROGRAM_MAP_PID = 0x1000;
const FIRST_PID = 0x100;
const MAX_STREAMS = 12;

const HELD_SECONDS = 0.1;
const TABLES_SECONDS = 0.25;
/** What a PES packet of audio may be away from where the one before it ended, in ticks, and still be its continuation. */
const CONTIGUOUS_TICKS = CLOCK_RATE / 200;
/** Timestamps begin here, so that the first PCR is no negative number. */
const ORIGIN_TICKS = CLOCK_RATE;
const PCR_DELAY_TICKS = CLOCK_RATE / 2;
const PCR_INTERVAL_TICKS = CLOCK_RATE * 0.09;
/** A longer pause is not filled with clock references. */
const PCR_FILL_TICKS = CLOCK_RATE;

/** One elementary stream, and its audio that is not written yet. */
interface Lane {
  readonly pid: number;
  readonly track: Track;
  readonly carriage: Carriage;
  readonly isVideo: boolean;
  held: Draft[];
  /** Ticks: the decode time of the last PES packet, and the end of the last packet held. */
  lastDts: number;
  heldEnd: number;
}

/** A Pes while packets are added to it. */
interface Draft extends Pes {
  readonly pieces: Buffer[];
  bytes: number;
}

/**
 * Makes a muxer. Tracks that a transport stream cannot carry are left out; throws StreamError `unsupported` if none is left.
 * `before`: the muxer whose viewers go on with this one; continuity counters and the version of the tables do so too.
 */
export function createMpegtsMuxer(tracks: readonly Track[], before?: MpegtsMuxer): MpegtsMuxer {
  const lanes = new Map<number, Lane>();
  for (const track of tracks.slice(0, MAX_STREAMS)) {
    const carriage = carriageOf(track.codec);
    if (carriage) lanes.set(track.id, createLane(FIRST_PID + lanes.size, track, carriage));
  }
  const all = [...lanes.values()];
  const clockLane = all.find(({ isVideo }) => isVideo) ?? all[0];
  if (!clockLane) {
    const names = tracks.map(({ codec }) => codec.name).join(', ');
    throw new StreamError('unsupported', `mpegts cannot carry ${names || 'a stream without tracks'}`);
  }
  const hasVideo = clockLane.isVideo;
  const version = before ? (before.version + 1) & 31 : 0;
  const counters = before?.counters ?? new Uint8Array(0x2000).fill(15);
  const tables = buildTables({
    programMapPid: PROGRAM_MAP_PID,
    pcrPid: clockLane.pid,
    version,
    streams: all.map(({ pid, carriage }) => ({ pid, ...carriage })),
  });
  let tablesSeconds = Number.NEGATIVE_INFINITY;
  let lastPcr = Number.NEGATIVE_INFINITY;
  let heldPackets = 0;
  let heldSince = 0;

  /** The PES packet of a packet; undefined if it cannot be carried. */
  const draft = (lane: Lane, packet: Packet, pieces: Buffer[]): Draft => {
    const { dts, pts } = timesOf(lane, packet);
    const bytes = lengthOf(pieces);
    const { pid, carriage } = lane;
    const pcr = lane === clockLane ? dts - PCR_DELAY_TICKS : undefined;
    lane.lastDts = dts;
    return { pid, streamId: carriage.streamId, pts, dts, randomAccess: packet.key, pcr, pieces, bytes };
  };

  const hold = (lane: Lane, packet: Packet, pieces: Buffer[]): void => {
    const { dts } = timesOf(lane, packet);
    const bytes = lengthOf(pieces);
    if (bytes > MAX_BOUNDED_PAYLOAD) return;
    const last = lane.held.at(-1);
    const follows = Math.abs(dts - lane.heldEnd) <= CONTIGUOUS_TICKS;
    if (last && follows && last.bytes + bytes <= MAX_BOUNDED_PAYLOAD) {
      last.pieces.push(...pieces);
      last.bytes += bytes;
      lane.lastDts = dts;
    } else lane.held.push(draft(lane, packet, pieces));
    lane.heldEnd = dts + (lane.carriage.duration(packet) * CLOCK_RATE) / packet.track.codec.timeBase;
    if (heldPackets++ === 0) heldSince = secondsOf(packet);
  };

  const takeHeld = (): Draft[] => {
    heldPackets = 0;
    return all.flatMap((lane) => lane.held.splice(0));
  };

  /** Clock references for the time since the last one, up to the one of this chunk. */
  const pcrsUpTo = (pcr: number, hasOwn: boolean): number[] => {
    const pcrs: number[] = [];
    if (pcr - lastPcr <= PCR_FILL_TICKS) {
      for (let at = lastPcr + PCR_INTERVAL_TICKS; at < pcr; at += PCR_INTERVAL_TICKS) pcrs.push(at);
    }
    if (!hasOwn && pcr - (pcrs.at(-1) ?? lastPcr) >= PCR_INTERVAL_TICKS / 2) pcrs.push(pcr);
    return pcrs;
  };

  const assemble = (units: Draft[], key: boolean, seconds: number, packets: number): Chunk => {
    const clocked = units.find(({ pcr }) => pcr !== undefined);
    const pcr = clocked?.pcr ?? units[0]!.dts - PCR_DELAY_TICKS;
    const pcrs = pcr > lastPcr ? pcrsUpTo(pcr, clocked !== undefined) : [];
    const early = pcr <= lastPcr;
    lastPcr = clocked && !early ? pcr : (pcrs.at(-1) ?? lastPcr);

    const due = key || Math.abs(seconds - tablesSeconds) >= TABLES_SECONDS;
    const written = early ? units.map((unit) => ({ ...unit, pcr: undefined })) : units;
    let count = (due ? 2 : 0) + pcrs.length;
    for (const unit of written) count += countPackets(unit);
    const bytes = Buffer.allocUnsafe(count * PACKET_BYTES);
    let at = 0;
    if (due) {
      at = writeTables(bytes, tables, counters);
      tablesSeconds = seconds;
    }
    for (const value of pcrs) at = writePcrPacket(bytes, at, clockLane.pid, value, counters);
    for (const unit of written) at = writePes(bytes, at, unit, counters);
    return { body: [bytes], bytes: bytes.length, key: key || (due && !hasVideo), seconds, packets };
  };

  return {
    contentType: 'video/mp2t',
    tracks: all.map(({ track }) => track),
    header: [],
    continuation: [],
    tables,
    counters,
    version,
    mux(packet) {
      const lane = lanes.get(packet.track.id);
      const pieces = lane && packet.data.length > 0 ? lane.carriage.pieces(packet) : undefined;
      if (!lane || !pieces) return undefined;
      const seconds = secondsOf(packet);
      if (lane.isVideo) {
        const own = draft(lane, packet, pieces);
        const packets = 1 + heldPackets;
        return assemble([own, ...takeHeld()], packet.key, seconds, packets);
      }
      hold(lane, packet, pieces);
      const heldSeconds = seconds - heldSince;
      if (heldPackets === 0 || (hasVideo && heldSeconds >= 0 && heldSeconds < HELD_SECONDS)) return undefined;
      const packets = heldPackets;
      return assemble(takeHeld(), false, seconds, packets);
    },
  };
}

function createLane(pid: number, track: Track, carriage: Carriage): Lane {
  const lastDts = Number.NEGATIVE_INFINITY;
  return { pid, track, carriage, isVideo: track.codec.kind === 'video', held: [], lastDts, heldEnd: lastDts };
}

const secondsOf = ({ dts, track }: Packet): number => dts / track.codec.timeBase;

/** Ticks of 90 kHz; decode times of a stream always increase. */
function timesOf(lane: Lane, { pts, dts, track }: Packet): { pts: number; dts: number } {
  const scale = CLOCK_RATE / track.codec.timeBase;
  const decoded = Math.max(Math.round(dts * scale) + ORIGIN_TICKS, lane.lastDts + 1);
  return { dts: decoded, pts: Math.max(Math.round(pts * scale) + ORIGIN_TICKS, decoded) };
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** PAT and PMT with the counters of their pids; returns the offset behind them. */
function writeTables(target: Buffer, tables: Buffer, counters: ContinuityCounters): number {
  tables.copy(target);
  for (const [index, pid] of [PAT_PID, PROGRAM_MAP_PID].entries()) {
    const counter = (counters[pid]! + 1) & 15;
    counters[pid] = counter;
    target[index * PACKET_BYTES + 3] = 0x10 | counter;
  }
  return tables.length;
}

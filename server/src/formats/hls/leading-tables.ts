/** PAT and PMT in front of a segment of MPEG-TS that does not begin with them, because it was cut between key frames. */
import type { MpegtsMuxer } from '../mpegts/muxer.ts';
import { PACKET_BYTES, PAT_PID } from '../mpegts/transport.ts';

/** The tables with the next continuity counters; undefined where the chunk brings its own. */
export function leadingTables(
  { tables, counters }: MpegtsMuxer,
  chunk: readonly Buffer[],
): Buffer | undefined {
  const first = chunk[0];
  if (!first || first.length < PACKET_BYTES || pidOf(first) === PAT_PID) return undefined;
  const lead = Buffer.from(tables);
  for (let offset = 0; offset < lead.length; offset += PACKET_BYTES) {
    const pid = pidOf(lead.subarray(offset));
    const counter = (counters[pid]! + 1) & 15;
    counters[pid] = counter;
    lead[offset + 3] = (lead[offset + 3]! & 0xf0) | counter;
  }
  return lead;
}

const pidOf = (packet: Buffer): number => packet.readUInt16BE(1) & 0x1fff;

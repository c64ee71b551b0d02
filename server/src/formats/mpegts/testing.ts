/** For tests: a look at transport streams that shares nothing with the code under test, and clips through both ends. */
import type { Chunk, Packet, Track } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';
import { createMpegtsMuxer, type MpegtsMuxer } from './muxer.ts';

interface Clip {
  readonly tracks: readonly Track[];
  readonly packets: readonly Packet[];
}

/** All chunks of a clip. */
export function muxClip({ tracks, packets }: Clip): { muxer: MpegtsMuxer; chunks: Chunk[]; bytes: Buffer } {
  const muxer = createMpegtsMuxer(tracks);
  const chunks = packets.map((packet) => muxer.mux(packet)).filter((chunk) => chunk !== undefined);
  return { muxer, chunks, bytes: Buffer.concat(chunks.flatMap(({ body }) => body)) };
}

/** All packets of these bytes, pushed in pieces of `step`; `live` are those that came before the end was told. */
export function demuxAll(bytes: Buffer, step = 1000) {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    demuxer.push(bytes.subarray(at, at + step), (packet) => packets.push(packet));
  }
  const live = packets.length;
  demuxer.flush?.((packet) => packets.push(packet));
  const of = (kind: 'video' | 'audio') => packets.filter(({ track }) => track.codec.kind === kind);
  return { demuxer, packets, live, video: of('video'), audio: of('audio'), corrupt: demuxer.corrupt ?? 0 };
}

export interface SeenPacket {
  readonly pid: number;
  readonly begins: boolean;
  readonly counter: number;
  readonly hasPayload: boolean;
  readonly randomAccess: boolean;
  /** Seconds. */
  readonly pcr: number | undefined;
  /** Seconds; of a packet in which a PES packet begins. */
  readonly pts: number | undefined;
  readonly dts: number | undefined;
}

/** Takes packets apart, bit by bit, with BigInt arithmetic. */
export function inspect(bytes: Buffer): SeenPacket[] {
  const seen: SeenPacket[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    const packet = bytes.subarray(at, at + 188);
    if (packet[0] !== 0x47 || packet.length !== 188) throw new Error(`no packet at ${at}`);
    const hasField = (packet[3]! & 0x20) !== 0;
    const fieldBytes = hasField ? packet[4]! : 0;
    const flags = fieldBytes > 0 ? packet[5]! : 0;
    const payload = packet.subarray(4 + (hasField ? 1 + fieldBytes : 0));
    const isPes = (packet[1]! & 0x40) !== 0 && payload.toString('hex', 0, 3) === '000001';
    const times = isPes ? (payload[7]! >> 6) & 3 : 0;
    const stamp = (offset: number): number => {
      const bits = BigInt(`0x${payload.toString('hex', offset, offset + 5)}`);
      const value =
        (((bits >> 33n) & 7n) << 30n) | (((bits >> 17n) & 0x7fffn) << 15n) | ((bits >> 1n) & 0x7fffn);
      return Number(value) / 90000;
    };
    const pts = times & 2 ? stamp(9) : undefined;
    seen.push({
      pid: packet.readUInt16BE(1) & 0x1fff,
      begins: (packet[1]! & 0x40) !== 0,
      counter: packet[3]! & 15,
      hasPayload: (packet[3]! & 0x10) !== 0,
      randomAccess: (flags & 0x40) !== 0,
      pcr: flags & 0x10 ? Number(BigInt(`0x${packet.toString('hex', 6, 12)}`) >> 15n) / 90000 : undefined,
      pts,
      dts: times === 3 ? stamp(14) : pts,
    });
  }
  return seen;
}

/** A PES packet as a sender of the tests makes it: timestamps are left out where there are none. */
export interface PlainPes {
  readonly data: Buffer;
  readonly pts?: number | undefined;
}

/** The contents of the PES packets of a pid. */
export function plainPesOf(bytes: Buffer, pid: number): PlainPes[] {
  const units: { parts: Buffer[]; pts: number | undefined }[] = [];
  for (const [index, packet] of inspect(bytes).entries()) {
    if (packet.pid !== pid || !packet.hasPayload) continue;
    const at = index * 188;
    const field = bytes[at + 3]! & 0x20 ? 1 + bytes[at + 4]! : 0;
    let payload = bytes.subarray(at + 4 + field, at + 188);
    if (packet.begins) {
      units.push({ parts: [], pts: packet.dts === undefined ? undefined : Math.round(packet.dts * 90000) });
      payload = payload.subarray(9 + payload[8]!);
    }
    units.at(-1)?.parts.push(payload);
  }
  return units.map(({ parts, pts }) => ({ data: Buffer.concat(parts), pts }));
}

/** Transport packets of these PES packets, with a length in each that fits; `tables` come first. */
export function plainStream(
  tables: Buffer,
  pid: number,
  streamId: number,
  units: readonly PlainPes[],
): Buffer {
  let counter = 0;
  const packets = units.flatMap(({ data, pts }) => {
    const head = Buffer.alloc(pts === undefined ? 9 : 14);
    head.writeUInt32BE(0x100 | streamId, 0);
    const length = head.length - 6 + data.length;
    head.writeUInt16BE(length > 0xffff ? 0 : length, 4);
    head[6] = 0x80;
    if (pts !== undefined) {
      head[7] = 0x80;
      head[8] = 5;
      const bits = (BigInt(pts) & 0x1ffffffffn) | 0n;
      const stamp =
        (2n << 36n) |
        ((bits >> 30n) << 33n) |
        (1n << 32n) |
        (((bits >> 15n) & 0x7fffn) << 17n) |
        (1n << 16n) |
        ((bits & 0x7fffn) << 1n) |
        1n;
      Buffer.from(stamp.toString(16).padStart(10, '0'), 'hex').copy(head, 9);
    }
    const whole = Buffer.concat([head, data]);
    const result: Buffer[] = [];
    for (let at = 0; at < whole.length; at += 184) {
      const part = whole.subarray(at, at + 184);
      const stuffing = 184 - part.length;
      const field = Buffer.alloc(stuffing, 0xff);
      if (stuffing > 0) field[0] = stuffing - 1;
      if (stuffing > 1) field[1] = 0;
      const start = Buffer.from([
        0x47,
        (at === 0 ? 0x40 : 0) | (pid >> 8),
        pid & 0xff,
        (stuffing ? 0x30 : 0x10) | counter,
      ]);
      counter = (counter + 1) & 15;
      result.push(start, field, part);
    }
    return result;
  });
  return Buffer.concat([tables, ...packets]);
}

/**
 * MPEG-TS behind its checksums: damage inside packets whose frame is whole, tables with a right CRC and wrong contents,
 * datagrams in RTP. Whatever comes in, packets are whole or missing, times are usable, and nothing throws.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDemuxer } from '../../server/src/formats/mpegts/demuxer.ts';
import { crc32Mpeg, parsePat, parsePmt, parseSection } from '../../server/src/formats/mpegts/tables.ts';
import { payloadOfDatagram } from '../../server/src/formats/udp/datagram.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 400;
const PACKET_BYTES = 188;

/** Damage in some packets, none of which grows or shrinks. */
function damagePackets(bytes: Buffer, random: (bound: number) => number): Buffer {
  const damaged = Buffer.from(bytes);
  for (let count = 1 + random(8); count > 0; count--) {
    const at = random(damaged.length / PACKET_BYTES) * PACKET_BYTES;
    const packet = Buffer.alloc(PACKET_BYTES, random(256));
    mutate(damaged.subarray(at, at + PACKET_BYTES), random).copy(packet);
    packet[0] = 0x47;
    packet.copy(damaged, at);
  }
  repairTables(damaged);
  return damaged;
}

/** Gives every section that fits into its packet its right checksum. */
function repairTables(bytes: Buffer): void {
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    if (pid !== 0 && pid !== 0x1000) continue;
    const start = at + 5 + bytes[at + 4]!;
    const end = start + 3 + (start + 3 < at + PACKET_BYTES ? bytes.readUInt16BE(start + 1) & 0xfff : 0);
    if (end - start < 12 || end > at + PACKET_BYTES) continue;
    bytes.writeUInt32BE(crc32Mpeg(bytes.subarray(start, end - 4)), end - 4);
  }
}

test('damaged packets', () => {
  const corpus = readCorpus('mpegts');
  const random = createRandom(188);
  let written = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const input = damagePackets(corpus[random(corpus.length)]!, random);
    const demuxer = createDemuxer();
    const write: Parameters<typeof demuxer.push>[1] = ({ track, data, pts, dts, duration }) => {
      written++;
      assert.ok(data.length > 0 && data.length < input.length);
      assert.ok(Number.isSafeInteger(pts) && Number.isSafeInteger(dts) && pts >= dts && duration >= 0);
      assert.ok(demuxer.tracks.includes(track));
    };
    for (let offset = 0; offset < input.length; ) {
      const size = 1 + random(3000);
      demuxer.push(input.subarray(offset, offset + size), write);
      offset += size;
    }
    demuxer.flush?.(write);
    assert.ok(demuxer.corrupt! <= input.length / PACKET_BYTES + 100, `${demuxer.corrupt}`);
  }
  assert.ok(written > ROUNDS * 5, `most of the input is still good: ${written} packets`);
});

test('tables', () => {
  const random = createRandom(4);
  const [seed] = readCorpus('mpegts');
  const bodies = [0, 1, 2].map((at) => seed!.subarray(at * PACKET_BYTES + 5, (at + 1) * PACKET_BYTES));
  for (let round = 0; round < 5000; round++) {
    const body = mutate(bodies[random(bodies.length)]!, random);
    parseSection(body);
    assert.ok(parsePat(body).every((pid) => pid >= 0 && pid <= 0x1fff));
    const streams = parsePmt(body)?.streams ?? [];
    assert.ok(streams.every(({ pid, streamType }) => pid < 0x1fff && streamType <= 0xff));
  }
});

test('datagrams', () => {
  const random = createRandom(33);
  const [seed] = readCorpus('mpegts');
  const rtp = Buffer.concat([
    Buffer.from('b121000100000002000000030000000400010001', 'hex'),
    seed!.subarray(0, 376),
  ]);
  for (let round = 0; round < 5000; round++) {
    const datagram = mutate(rtp, random);
    const payload = payloadOfDatagram(datagram);
    assert.ok(payload.length <= datagram.length && payload.buffer === datagram.buffer);
  }
});

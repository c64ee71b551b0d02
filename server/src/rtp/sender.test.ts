import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec, type Codec, videoCodec } from '../codecs/codec.ts';
import { StreamError } from '../core/errors.ts';
import type { Packet } from '../core/model.ts';
import { packetLength, type RtpBlock, RtpBlockWriter } from './block.ts';
import { rtpMarker, rtpPayloadType, rtpSequence, rtpSsrc, rtpTimestamp } from './packet.ts';
import { formatOfCodec } from './payload-formats.ts';
import { parseRtcp, type SenderReport } from './rtcp.ts';
import { RtpSender } from './sender.ts';
import { WallClock } from './wall-clock.ts';

const packet = (codec: Codec, data: Buffer, pts = 0): Packet => ({
  track: { id: 1, codec },
  data,
  pts,
  dts: pts,
  duration: 0,
  key: true,
  time: 0,
});
const senderOf = (
  codec: Codec,
  writer: RtpBlockWriter,
  more: Partial<ConstructorParameters<typeof RtpSender>[0]> = {},
): RtpSender => new RtpSender({ codec, format: formatOfCodec(codec, 96)!, writer, ...more });

interface Read {
  readonly channel: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

function read({ bytes, offsets }: RtpBlock): Read[] {
  return offsets.map((offset) => ({
    channel: bytes[offset + 1]!,
    sequence: rtpSequence(bytes, offset + 4),
    timestamp: rtpTimestamp(bytes, offset + 4),
    marker: rtpMarker(bytes, offset + 4),
    payloadType: rtpPayloadType(bytes, offset + 4),
    ssrc: rtpSsrc(bytes, offset + 4),
    payload: bytes.subarray(offset + 16, offset + 4 + packetLength(bytes, offset)),
  }));
}

const nal = (size: number): Buffer => {
  const data = Buffer.alloc(4 + size, 1);
  data.writeUInt32BE(size);
  data[4] = 0x41;
  return data;
};

test('a block is what goes over TCP: packets back to back, numbered, the marker on the last', () => {
  const writer = new RtpBlockWriter();
  const codec = videoCodec('h264');
  const sender = senderOf(codec, writer, { channel: 2, packetSize: 1000 });
  const first = sender.sequence;
  sender.send(packet(codec, nal(2500), 900));
  const block = writer.take();
  const packets = read(block);
  assert.deepEqual(
    packets.map(({ sequence }) => (sequence - first) & 0xffff),
    [0, 1, 2],
  );
  assert.deepEqual(
    packets.map(({ marker }) => marker),
    [false, false, true],
  );
  assert.ok(
    packets.every(
      ({ channel, payloadType, ssrc, timestamp }) =>
        channel === 2 && payloadType === 96 && ssrc === sender.ssrc && timestamp === sender.timestampAt(900),
    ),
  );
  let at = 0;
  for (const offset of block.offsets) {
    assert.equal(offset, at);
    assert.equal(block.bytes[offset], 0x24);
    at += 4 + packetLength(block.bytes, offset);
  }
  assert.equal(at, block.bytes.length);
  assert.ok(packets.every(({ payload }) => payload.length <= 988));
});

test('a frame larger than the memory at hand comes out whole, and earlier blocks stay as they are', () => {
  const writer = new RtpBlockWriter({ slabBytes: 4096 });
  const codec = videoCodec('h264');
  const sender = senderOf(codec, writer);
  const blocks = [100, 3000, 200_000, 50].map((size) => {
    sender.send(packet(codec, nal(size)));
    const block = writer.take();
    return { block, copy: Buffer.from(block.bytes) };
  });
  for (const { block, copy } of blocks) assert.deepEqual(block.bytes, copy);
  const sequences = blocks.flatMap(({ block }) => read(block).map(({ sequence }) => sequence));
  for (const [index, sequence] of sequences.entries())
    assert.equal(sequence, (sequences[0]! + index) & 0xffff);
});

test('packets begin at multiples where that is asked for', () => {
  const writer = new RtpBlockWriter({ align: 4, slabBytes: 2048 });
  const codec = videoCodec('h264');
  const sender = senderOf(codec, writer);
  for (let size = 1; size < 60; size++) {
    sender.send(packet(codec, nal(size)));
    sender.send(packet(codec, nal(size + 1)));
    const { bytes, offsets } = writer.take();
    for (const offset of offsets) assert.equal((bytes.byteOffset + offset) % 4, 0);
    assert.deepEqual(
      read({ bytes, offsets }).map(({ payload }) => payload.length),
      [size, size + 1],
    );
  }
});

test('packets of a block go to another one unchanged', () => {
  const writer = new RtpBlockWriter();
  const codec = audioCodec('pcm_alaw', 8000);
  const sender = senderOf(codec, writer);
  sender.send(packet(codec, Buffer.from('one')));
  const held = writer.take();
  sender.send(packet(codec, Buffer.from('two')));
  writer.append(held);
  assert.deepEqual(
    read(writer.take()).map(({ payload }) => payload.toString()),
    ['two', 'one'],
  );
});

test('timestamps count in the clock of RTP, over its wrap', () => {
  const writer = new RtpBlockWriter();
  const g722 = audioCodec('adpcm_g722', 16000);
  const sender = senderOf(g722, writer);
  const distance = (ticks: number): number => (sender.timestampAt(ticks) - sender.timestampAt(0)) >>> 0;
  assert.equal(distance(16000), 8000);
  assert.equal(distance(2 ** 40), 2 ** 39 % 2 ** 32);
});

test('a sender that follows another one goes on where it stood', () => {
  const writer = new RtpBlockWriter();
  const codec = videoCodec('h264');
  const first = senderOf(codec, writer);
  first.send(packet(codec, nal(10)));
  const second = senderOf(codec, writer, { after: first });
  assert.deepEqual(
    [second.ssrc, second.sequence, second.timestampAt(5), second.packets],
    [first.ssrc, first.sequence, first.timestampAt(5), 1],
  );
});

test('sender reports stand on the channel of RTCP and count what was sent', () => {
  const writer = new RtpBlockWriter();
  const codec = audioCodec('pcm_alaw', 8000);
  const sender = senderOf(codec, writer, { channel: 2 });
  sender.send(packet(codec, Buffer.alloc(160)));
  sender.addSenderReport(1_700_000_000_000, 160);
  const { bytes, offsets } = writer.take();
  assert.equal(bytes[offsets[1]! + 1], 3);
  const reports: SenderReport[] = [];
  assert.ok(
    parseRtcp(bytes, offsets[1]! + 4, bytes.length, { senderReport: (report) => reports.push(report) }),
  );
  assert.deepEqual(reports, [
    {
      ssrc: sender.ssrc,
      wallMs: 1_700_000_000_000,
      timestamp: sender.timestampAt(160),
      packets: 1,
      octets: 160,
    },
  ]);
});

test('what RTP can’t carry is refused', () => {
  const writer = new RtpBlockWriter();
  const rawvideo = videoCodec('rawvideo');
  assert.throws(
    () => new RtpSender({ codec: rawvideo, format: formatOfCodec(videoCodec('h264'), 96)!, writer }),
    StreamError,
  );
  const mjpeg = videoCodec('mjpeg');
  const sender = senderOf(mjpeg, writer);
  sender.send(packet(mjpeg, Buffer.from('no picture')));
  assert.deepEqual([sender.refused, writer.count], [1, 0]);
});

test('the wall clock follows what it sees, without the jitter of arrivals', () => {
  const clock = new WallClock();
  clock.observe(10, 1_000_010_000);
  assert.equal(clock.wallMs(12), 1_000_012_000);
  clock.observe(11, 1_000_011_300);
  assert.equal(clock.wallMs(12), 1_000_012_000.05);
  clock.observe(12, 2_000_000_000);
  assert.equal(clock.wallMs(12), 2_000_000_000);
});

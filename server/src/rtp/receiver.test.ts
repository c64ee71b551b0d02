import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec } from '../codecs/codec.ts';
import { StreamError } from '../core/errors.ts';
import type { Packet } from '../core/model.ts';
import { MediaClock } from './media-clock.ts';
import { rtpFormat } from './payload.ts';
import { RtpReceiver } from './receiver.ts';
import { parseRtcp, type ReportBlock, SENDER_REPORT_BYTES, writeSenderReport } from './rtcp.ts';

const PCMA = rtpFormat(8, 'PCMA', 8000);
const SSRC = 0xabcdef01;

interface Fields {
  readonly payloadType?: number;
  readonly ssrc?: number;
  readonly timestamp?: number;
  /** Bytes before the fixed header's end that the first byte promises: CSRC, extension. */
  readonly first?: number;
  readonly rest?: Buffer;
}

function rtp(
  sequence: number,
  {
    payloadType = 8,
    ssrc = SSRC,
    timestamp = sequence * 160,
    first = 0x80,
    rest = Buffer.from([sequence]),
  }: Fields = {},
): Buffer {
  const head = Buffer.alloc(12);
  head[0] = first;
  head[1] = payloadType;
  head.writeUInt16BE(sequence, 2);
  head.writeUInt32BE(timestamp >>> 0, 4);
  head.writeUInt32BE(ssrc, 8);
  return Buffer.concat([head, rest]);
}

function receiving(options: { reorder?: boolean } = {}) {
  const packets: Packet[] = [];
  const receiver = new RtpReceiver({
    id: 3,
    format: PCMA,
    clock: new MediaClock(),
    write: (packet) => packets.push(packet),
    ...options,
  });
  const push = (bytes: Buffer, nowMs = 0): void => {
    const lent = Buffer.concat([Buffer.alloc(4), bytes]);
    receiver.push(lent, 4, lent.length, nowMs);
    lent.fill(0xee);
  };
  return { receiver, packets, push, data: () => packets.map(({ data }) => [...data]) };
}

test('payloads become packets of one track, on one time line', () => {
  const { receiver, packets, push } = receiving();
  for (let sequence = 65534; sequence < 65540; sequence++)
    push(rtp(sequence & 0xffff, { timestamp: 0xffffff00 + (sequence - 65534) * 160 }), sequence * 20);
  assert.deepEqual(
    packets.map(({ pts }) => pts - packets[0]!.pts),
    [0, 160, 320, 480, 640, 800],
  );
  assert.ok(packets.every(({ track, key, dts, pts }) => track === receiver.track && key && dts === pts));
  assert.deepEqual(receiver.track, { id: 3, codec: audioCodec('pcm_alaw', 8000) });
});

test('CSRC, extension and padding are no payload', () => {
  const { data, push, receiver } = receiving();
  push(rtp(1, { first: 0x82, rest: Buffer.from([0, 0, 0, 1, 0, 0, 0, 2, 7]) }));
  push(rtp(2, { first: 0x90, rest: Buffer.from([0xbe, 0xde, 0, 1, 1, 1, 1, 1, 8]) }));
  push(rtp(3, { first: 0xa0, rest: Buffer.from([9, 0, 0, 3]) }));
  assert.deepEqual(data(), [[7], [8], [9]]);
  push(rtp(4, { first: 0xa0, rest: Buffer.from([9, 200]) }));
  push(rtp(5, { first: 0x9f, rest: Buffer.from([9]) }));
  push(Buffer.from([0x80, 8]));
  assert.equal(receiver.corrupt, 3);
  assert.equal(data().length, 3);
});

test('another payload type is taken until the declared one comes', () => {
  const { data, push } = receiving();
  push(rtp(1, { payloadType: 97 }));
  push(rtp(2));
  push(rtp(3, { payloadType: 13 }));
  push(rtp(4));
  assert.deepEqual(data(), [[1], [2], [4]]);
});

test('by UDP order is restored', () => {
  const { data, push } = receiving({ reorder: true });
  for (const sequence of [1, 3, 2, 4]) push(rtp(sequence));
  assert.deepEqual(data(), [[1], [2], [3], [4]]);
});

test('the clock of sender reports dates the packets, also when they come on the RTP channel', () => {
  const { packets, push } = receiving();
  const wallMs = Date.UTC(2026, 0, 1);
  const report = Buffer.alloc(SENDER_REPORT_BYTES);
  writeSenderReport(report, 0, { ssrc: SSRC, wallMs, timestamp: 160, packets: 0, octets: 0 });
  push(rtp(1));
  push(report);
  push(rtp(9));
  assert.equal(packets[1]!.time, wallMs + 160);
  assert.ok(Math.abs(packets[0]!.time - Date.now()) < 10_000);
});

test('receiver reports count what is missing', () => {
  const { receiver, push } = receiving();
  assert.equal(receiver.receiverReport(0), undefined);
  for (const sequence of [65530, 65531, 65535, 0, 1]) push(rtp(sequence));
  const blocks: ReportBlock[] = [];
  const report = (): ReportBlock => {
    const bytes = receiver.receiverReport(1000)!;
    parseRtcp(bytes, 0, bytes.length, { receptionReport: (block) => blocks.push(block) });
    return blocks.at(-1)!;
  };
  const first = report();
  assert.deepEqual(
    [first.ssrc, first.lost, first.highestSequence, first.fractionLost],
    [SSRC, 3, 0x10001, 96],
  );
  push(rtp(2));
  assert.deepEqual([report().lost, report().fractionLost], [3, 0]);
});

test('another sender on the same track begins a count of its own', () => {
  const { receiver, data, push } = receiving();
  push(rtp(1));
  push(rtp(700, { ssrc: 5 }));
  push(rtp(701, { ssrc: 5 }));
  assert.equal(receiver.ssrc, 5);
  assert.equal(data().length, 3);
  const bytes = receiver.receiverReport(0)!;
  parseRtcp(bytes, 0, bytes.length, { receptionReport: ({ lost }) => assert.equal(lost, 0) });
});

test('an encoding that we can’t carry is refused', () => {
  assert.throws(
    () =>
      new RtpReceiver({
        id: 0,
        format: rtpFormat(97, 'G726-32', 8000),
        clock: new MediaClock(),
        write: () => {},
      }),
    (error) => error instanceof StreamError && error.code === 'unsupported',
  );
});

test('sound that was collected for a while began that long before its packet came', () => {
  const clock = new MediaClock();
  const packets: Packet[] = [];
  const write = (packet: Packet): void => void packets.push(packet);
  const video = new RtpReceiver({ id: 0, format: PCMA, clock, write });
  const parameters = { config: '1408', sizelength: '13', indexlength: '3', indexdeltalength: '3' };
  const format = rtpFormat(97, 'MPEG4-GENERIC', 16000, { parameters: { mode: 'AAC-hbr', ...parameters } });
  const audio = new RtpReceiver({ id: 1, format, clock, write });
  const first = rtp(1, { timestamp: 0 });
  video.push(first, 0, first.length, 1000);
  // Ten frames of 64 ms: the length of the AU headers, a header each (1 byte, index 0), the bytes.
  const rest = Buffer.concat([Buffer.from([0, 160]), Buffer.alloc(20, '0008', 'hex'), Buffer.alloc(10, 7)]);
  const sound = rtp(1, { payloadType: 97, timestamp: 0, rest });
  audio.push(sound, 0, sound.length, 1700);
  const [, ...frames] = packets;
  assert.equal(frames.length, 10);
  assert.equal(frames[0]!.pts, 0.06 * 16000);
  assert.equal(frames[9]!.pts, frames[0]!.pts + 9 * 1024);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  goodbye,
  negativeAcknowledgement,
  ntpToMs,
  parseRtcp,
  pictureLossIndication,
  RECEIVER_REPORT_BYTES,
  type ReportBlock,
  SENDER_REPORT_BYTES,
  type SenderReport,
  writeReceiverReport,
  writeSenderReport,
} from './rtcp.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Everything that is told of a compound packet, in order. */
function told(packet: Buffer): { events: unknown[][]; whole: boolean } {
  const events: unknown[][] = [];
  const whole = parseRtcp(packet, 0, packet.length, {
    senderReport: (report) => events.push(['sr', report]),
    receptionReport: (block, ssrc) => events.push(['block', ssrc, block]),
    goodbye: (ssrc) => events.push(['bye', ssrc]),
    nack: (ssrc, sequence) => events.push(['nack', ssrc, sequence]),
    keyframeRequest: (ssrc) => events.push(['key', ssrc]),
    maximumBitrate: (bits) => events.push(['remb', bits]),
  });
  return { events, whole };
}

test('a sender report, there and back', () => {
  const report: SenderReport = {
    ssrc: 0xdeadbeef,
    wallMs: Date.UTC(2026, 10, 23, 12, 0, 0, 250),
    timestamp: 0xfffffff0,
    packets: 12345,
    octets: 6789000,
  };
  const packet = Buffer.alloc(SENDER_REPORT_BYTES);
  writeSenderReport(packet, 0, report);
  assert.deepEqual(told(packet), { events: [['sr', report]], whole: true });
});

test('a receiver report, there and back', () => {
  const block: ReportBlock = {
    ssrc: 7,
    fractionLost: 128,
    lost: 1000,
    highestSequence: 0x1ffff,
    jitter: 90,
    lastReport: 0x12345678,
    delay: 65536,
  };
  const packet = Buffer.alloc(RECEIVER_REPORT_BYTES);
  writeReceiverReport(packet, 0, 99, block);
  assert.deepEqual(told(packet), { events: [['block', 99, block]], whole: true });
});

test('lost packets are told one by one, over the wrap of the sequence', () => {
  const lost = [0xfffe, 0xffff, 0, 14, 100];
  const { events } = told(hex('81cd0004 00000001 00000002 fffe8003 00640000'));
  assert.deepEqual(
    events,
    lost.map((sequence) => ['nack', 2, sequence]),
  );
});

test('key frame requests and bye', () => {
  assert.deepEqual(told(pictureLossIndication(1, 2)).events, [['key', 2]]);
  assert.deepEqual(told(hex('84ce0004 00000001 00000000 00000005 07000000')).events, [['key', 5]]);
  assert.deepEqual(told(goodbye(9)).events, [['bye', 9]]);
});

test('REMB as Chromium sends it: 1.2 Mbit/s for one source', () => {
  assert.deepEqual(told(hex('8fce0005 00000001 00000000 52454d42 010e4924 0000abcd')).events, [
    ['remb', 0x24924 * 2 ** 3],
  ]);
});

test('ffmpeg’s SR and SDES compound', () => {
  const { events, whole } = told(
    hex('80c80006 8f7dab93 ec3f3b00 80000000 00000000 00000000 00000000 81ca0003 8f7dab93 01024c61 76000000'),
  );
  assert.equal(whole, true);
  assert.equal((events[0]![1] as SenderReport).wallMs % 1000, 500);
});

test('the NTP era that begins in 2036', () => {
  assert.equal(ntpToMs(0, 0), Date.UTC(2036, 1, 7, 6, 28, 16));
  assert.equal(ntpToMs(2208988800, 0), 0);
});

test('lost packets that are asked for, 17 to an item at the most', () => {
  const sequences = [65530, 65535, 10, 11, 27, 28, 200];
  const packet = negativeAcknowledgement(1, 2, sequences);
  assert.deepEqual(
    told(packet).events,
    sequences.map((sequence) => ['nack', 2, sequence]),
  );
  assert.equal(packet.toString('hex'), '81cd00060000000100000002fffa8010000b8000001c000000c80000');
});

test('what is cut off or no RTCP is told to be corrupt, and nothing is made up', () => {
  for (const packet of [
    '',
    '80c8',
    '80c80006 00000001',
    '00c80001 00000001',
    '80c80000 00000001',
    '80c9ffff 00000001',
  ])
    assert.deepEqual(told(hex(packet)), { events: [], whole: packet === '' }, packet);
  assert.deepEqual(told(hex('81cb0001 00000003 80c8')), { events: [['bye', 3]], whole: false });
});

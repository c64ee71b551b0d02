/** RTP, RTCP and SDP: whatever comes, receivers write whole packets or nothing, never throw, and keep within their limits. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { MediaClock } from '../../server/src/rtp/media-clock.ts';
import { type RtpFormat, rtpFormat } from '../../server/src/rtp/payload.ts';
import { codecOfFormat } from '../../server/src/rtp/payload-formats.ts';
import { RtpReceiver } from '../../server/src/rtp/receiver.ts';
import { parseRtcp } from '../../server/src/rtp/rtcp.ts';
import { buildSdp, parseSdp } from '../../server/src/rtp/sdp.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const SEED = 20261123;
const ROUNDS = 300;
/** A JPEG header is longer than a packet. */
const MOST_BYTES_MADE = 1000;

/** How the streams of the corpus were announced, by file. */
const FORMATS: Readonly<Record<string, RtpFormat>> = {
  'aac.bin': rtpFormat(96, 'MPEG4-GENERIC', 16000, {
    parameters: {
      mode: 'AAC-hbr',
      sizelength: '13',
      indexlength: '3',
      indexdeltalength: '3',
      config: '1408',
    },
  }),
  'h264.bin': rtpFormat(96, 'H264', 90000),
  'hevc.bin': rtpFormat(96, 'H265', 90000),
  'jpeg.bin': rtpFormat(96, 'JPEG', 90000),
  'latm.bin': rtpFormat(96, 'MP4A-LATM', 16000, { parameters: { cpresent: '0', config: '400028103fc0' } }),
  'pcma.bin': rtpFormat(96, 'PCMA', 8000),
};

/** The corpus holds packets, each behind its length in 16 bits. */
function split(stream: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = Math.min(at + 2 + stream.readUInt16BE(at), stream.length);
    packets.push(stream.subarray(at + 2, end));
    at = end;
  }
  return packets;
}

interface Outcome {
  readonly units: number;
  readonly corrupt: number;
}

/** Feeds packets to a receiver and checks what it writes. */
function receive(format: RtpFormat, packets: readonly Buffer[], reorder: boolean): Outcome {
  let units = 0;
  let made = 0;
  let lastDts = Number.NEGATIVE_INFINITY;
  const receiver = new RtpReceiver({
    id: 0,
    format,
    clock: new MediaClock(),
    reorder,
    write: ({ data, pts, dts, track, duration }) => {
      units++;
      made += data.length;
      assert.ok(data.length > 0);
      assert.ok(Number.isSafeInteger(pts) && Number.isSafeInteger(dts) && dts <= pts && duration >= 0);
      assert.equal(track.id, 0);
      lastDts = dts;
    },
  });
  let given = 0;
  for (const [index, packet] of packets.entries()) {
    const lent = Buffer.from(packet);
    receiver.push(lent, 0, lent.length, index * 10);
    lent.fill(0xee);
    given += packet.length;
  }
  assert.ok(made <= given * 2 + packets.length * MOST_BYTES_MADE, `${made} bytes out of ${given}`);
  assert.ok(units === 0 || Number.isFinite(lastDts));
  receiver.receiverReport(packets.length * 10);
  return { units, corrupt: receiver.corrupt };
}

const files = readdirSync(join(import.meta.dirname, 'corpus/rtp')).sort();

for (const [index, stream] of readCorpus('rtp').entries()) {
  const name = files[index]!;
  const format = FORMATS[name]!;
  const packets = split(stream);

  test(`${name}, as it is`, () => {
    const { units, corrupt } = receive(format, packets, false);
    assert.ok(units > 0);
    assert.equal(corrupt, 0);
  });

  test(`${name}, mutated`, () => {
    const random = createRandom(SEED + index);
    for (let round = 0; round < ROUNDS; round++) {
      const changed = packets.flatMap((packet) => {
        const dice = random(12);
        if (dice === 0) return [];
        if (dice === 1) return [packet, packet];
        if (dice < 5) return [mutate(packet, random)];
        return [packet];
      });
      if (random(3) === 0) changed.sort(() => random(3) - 1);
      receive(format, changed, random(2) === 0);
    }
  });

  test(`${name}, taken for something else`, () => {
    for (const other of Object.values(FORMATS)) receive(other, packets, false);
  });
}

test('RTCP, mutated', () => {
  const corpus = readCorpus('rtcp');
  for (const packet of corpus) assert.equal(parseRtcp(packet, 0, packet.length, {}), true);
  const random = createRandom(SEED);
  for (let round = 0; round < 5000; round++) {
    const packet = mutate(corpus[random(corpus.length)]!, random);
    let events = 0;
    const count = (): void => {
      events++;
    };
    parseRtcp(packet, 0, packet.length, {
      senderReport: count,
      receptionReport: count,
      goodbye: count,
      nack: count,
      keyframeRequest: count,
      maximumBitrate: count,
    });
    assert.ok(events <= packet.length * 17, `${events} events of ${packet.length} bytes`);
  }
});

test('SDP, mutated', () => {
  const corpus = readCorpus('sdp');
  const random = createRandom(SEED);
  for (let round = 0; round < 1500; round++) {
    const text = mutate(corpus[random(corpus.length)]!, random).toString('latin1');
    try {
      const description = parseSdp(text);
      assert.ok(description.medias.length <= 32);
      for (const { formats } of description.medias) {
        for (const format of formats) {
          const codec = codecOfFormat(format);
          assert.ok(!codec || codec.timeBase > 0);
          if (codec) receive(format, [], false);
        }
      }
      const again = parseSdp(buildSdp(description));
      assert.equal(again.medias.length, description.medias.length);
    } catch (error) {
      assert.ok(error instanceof StreamError, `${error instanceof Error ? error.stack : error}`);
    }
  }
});

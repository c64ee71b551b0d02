import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { makeClip, TEST_AUDIO } from '../../../../test/helpers/mp4-clip.ts';
import { AAC_OBJECT_TYPE, aacCodec, buildAudioSpecificConfig } from '../../codecs/aac.ts';
import type { Packet } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';
import { createAdtsMuxer } from './output.ts';

for (const [rate, channels] of [
  ['16000', '1'],
  ['44100', '2'],
  ['48000', '6'],
] as const) {
  test(`${rate} Hz, ${channels} channels: ffmpeg and the demuxer read it back`, async () => {
    const words = ['-t', '1', '-c:a', 'aac', '-ar', rate, '-ac', channels];
    const { tracks, packets } = await makeClip(...TEST_AUDIO, ...words);
    const muxer = createAdtsMuxer(tracks);
    const chunks = packets.map((packet) => muxer.mux(packet)!);
    assert.ok(chunks.every(({ key, packets: count }) => key && count === 1));
    const bytes = Buffer.concat(chunks.flatMap(({ body }) => body));
    const { streams: [stream] = [], packets: probed = [] } = ffprobe('-show_streams -show_packets', bytes);
    assert.deepEqual(
      [stream?.codec_name, stream?.sample_rate, stream?.channels, probed.length],
      ['aac', rate, Number(channels), packets.length],
    );
    ffmpeg('-xerror -f aac -i pipe:0 -f null -', bytes);

    const read: Packet[] = [];
    createDemuxer().push(bytes, (packet) => read.push(packet));
    assert.deepEqual(
      read.map(({ data }) => data),
      packets.map(({ data }) => data),
    );
  });
}

test('HE-AAC is signalled as its core', () => {
  // SBR: extension rate 48000 over a core of 24000.
  const codec = aacCodec(Buffer.from('2b118800', 'hex'))!;
  const muxer = createAdtsMuxer([{ id: 1, codec }]);
  const track = { id: 1, codec };
  const chunk = muxer.mux({ track, data: Buffer.alloc(9), pts: 0, dts: 0, duration: 0, key: true, time: 0 })!;
  const [, , third] = chunk.body[0]!;
  assert.equal(third! >> 6, AAC_OBJECT_TYPE.lc - 1);
  assert.equal((third! >> 2) & 15, 6, 'index of 24000 Hz');
});

test('refuses what ADTS cannot say', () => {
  const eld = buildAudioSpecificConfig({ objectType: AAC_OBJECT_TYPE.eld, sampleRate: 16000, channels: 1 });
  assert.throws(() => createAdtsMuxer([{ id: 1, codec: aacCodec(eld)! }]), { code: 'unsupported' });
  const lc = buildAudioSpecificConfig({ objectType: AAC_OBJECT_TYPE.lc, sampleRate: 16000, channels: 1 });
  const track = { id: 1, codec: aacCodec(lc)! };
  const huge = { track, data: Buffer.alloc(9000), pts: 0, dts: 0, duration: 0, key: true, time: 0 };
  assert.equal(createAdtsMuxer([track]).mux(huge), undefined);
});

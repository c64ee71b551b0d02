/** Two-way audio: what a viewer says arrives at the camera's loudspeaker, converted when the codecs differ. Judged by ffmpeg. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import {
  type CameraOptions,
  type HeardPacket,
  type RtspCamera,
  startRtspCamera,
} from '../fakes/rtsp-camera.ts';
import { decodeSound, tonePurity } from '../helpers/ffmpeg.ts';
import { talkRtsp } from '../helpers/rtsp-viewer.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const HERTZ = 1000;

/** How ffmpeg reads what a loudspeaker of this codec heard. */
const RAW = {
  PCMU: ['-f', 'mulaw', '-ar', '8000', '-ac', '1'],
  PCMA: ['-f', 'alaw', '-ar', '8000', '-ac', '1'],
  'MPEG4-GENERIC': ['-f', 'aac'],
} as const;

const LOUDSPEAKERS: readonly {
  readonly codec: keyof typeof RAW;
  readonly camera?: Omit<CameraOptions, 'feeds'>;
  readonly options?: string;
}[] = [
  { codec: 'PCMU' },
  { codec: 'PCMA', options: '#transport=udp#backchannel=1' },
  { codec: 'MPEG4-GENERIC' },
  { codec: 'PCMA', camera: { auth: { user: 'admin', password: 'secret', schemes: ['md5-qop'] } } },
];

for (const { codec, camera: more, options = '' } of LOUDSPEAKERS) {
  describe(`a loudspeaker for ${codec}${options}`, () => {
    let camera: RtspCamera;
    let server: TestServer;

    before(async () => {
      camera = await startRtspCamera({
        ...more,
        feeds: [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA', { hertz: 440 }))],
        loudspeaker: codec,
      });
      server = await startServer({ streams: { door: camera.url + options } });
    });
    after(async () => {
      await server?.stop();
      await camera?.close();
    });

    test('plays what an RTSP client says in PCMA', async () => {
      camera.heard.length = 0;
      await using viewer = await watchMse(server, 'door');
      await viewer.play(0.5);
      const clip = await audioClip('PCMA', { hertz: HERTZ });
      await talkRtsp(server.rtsp('door'), clip.units.map(({ parts }) => parts[0]!).slice(0, 50));
      await assertTone(camera.heard, codec);
      await viewer.play(0.5);
      assert.deepEqual(viewer.errors, []);
    });

    test('plays a file through the API', async () => {
      camera.heard.length = 0;
      const file = join(server.configPath, '../tone.wav');
      writeFileSync(
        file,
        await runOk('ffmpeg', [
          ...['-v', 'error', '-f', 'lavfi', '-i', `sine=frequency=${HERTZ}:sample_rate=44100:duration=2`],
          ...['-af', 'volume=4', '-f', 'wav', '-'],
        ]),
      );
      const query = new URLSearchParams({ dst: 'door', file });
      const response = await server.fetch(`/api/ffmpeg?${query}`, { method: 'POST' });
      assert.equal(response.status, 200, await response.text());
      await until('two seconds of sound', () => seconds(camera.heard, codec) > 1.5);
      await sleep(700);
      await assertTone(camera.heard, codec);
      await until('ffmpeg to be gone', () => server.children().length === 0);
    });
  });
}

test('a camera without a loudspeaker says so', async () => {
  await using camera = await startRtspCamera({
    feeds: [new ClipFeed(await h264Clip())],
    refusesBackchannel: true,
  });
  await using server = await startServer({ streams: { door: camera.url } });
  const response = await server.fetch('/api/ffmpeg?dst=door&live=http://127.0.0.1:9/x.mp3', {
    method: 'POST',
  });
  assert.ok(response.status >= 400);
  assert.match(await response.text(), /loudspeaker|backchannel|consumer|matched/);
});

function seconds(heard: readonly HeardPacket[], codec: keyof typeof RAW): number {
  if (codec === 'MPEG4-GENERIC') return (heard.length * 1024) / 16000;
  return heard.reduce((sum, { payload }) => sum + payload.length, 0) / 8000;
}

/** What was heard is the tone and nothing else, in packets whose numbers and timestamps go on evenly. */
async function assertTone(heard: readonly HeardPacket[], codec: keyof typeof RAW): Promise<void> {
  assert.ok(seconds(heard, codec) > 1.5, `${seconds(heard, codec)} s heard`);
  for (const [index, packet] of heard.entries()) {
    const previous = heard[index - 1];
    if (!previous) continue;
    assert.equal(packet.sequence, (previous.sequence + 1) & 0xffff);
    const samples = codec === 'MPEG4-GENERIC' ? 1024 : previous.payload.length;
    assert.equal((packet.timestamp - previous.timestamp) >>> 0, samples);
  }
  const frames = heard.map(({ payload }) => (codec === 'MPEG4-GENERIC' ? adtsFrame(payload) : payload));
  const samples = await decodeSound(Buffer.concat(frames), RAW[codec]);
  const purity = tonePurity(samples.subarray(4000, 12000), HERTZ);
  assert.ok(purity > 0.9, `purity of the tone: ${purity}`);
}

/** The one access unit of an RFC 3640 payload as an ADTS frame: AAC-LC, 16000 Hz, mono. */
function adtsFrame(payload: Buffer): Buffer {
  const size = 7 + payload.length - 4;
  const header = [0xff, 0xf1, 0x60, 0x40 | (size >> 11), (size >> 3) & 255, ((size & 7) << 5) | 31, 0xfc];
  return Buffer.concat([Buffer.from(header), payload.subarray(4)]);
}

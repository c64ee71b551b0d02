/** WebRTC cameras with signalling of their own as sources; the media peer is werift. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type Signaling, startSignaling } from '../fakes/webrtc-signaling.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const SOURCES: Readonly<Record<string, (host: string) => string>> = {
  kinesis: (host) => `webrtc:ws://${host}/kinesis?X-Amz=1#format=kinesis#client_id=me#ice_servers=[]`,
  switchbot: (host) =>
    `webrtc:ws://${host}/switchbot#format=switchbot#client_id=bot#resolution=auto#play_type=3`,
  wyze: (host) => `webrtc:http://${host}/signaling/cam?kvs#format=wyze`,
  openipc: (host) => `webrtc:ws://${host}/openipc#format=openipc`,
  milestone: (host) =>
    `webrtc:http://${host}/api#format=milestone#username=user#password=pass#cameraId=camera-1#speed=2#skipGaps`,
  creality: (host) => `webrtc:http://${host}/creality#format=creality`,
};
const VIDEO_ONLY: ReadonlySet<string> = new Set(['switchbot', 'creality']);

describe('dialects of WebRTC', () => {
  let server: TestServer;
  let signaling: Signaling;
  let feeds: ClipFeed[];

  before(async () => {
    feeds = [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA', { hertz: 440 }))];
    for (const feed of feeds) await feed.start();
    signaling = await startSignaling(feeds);
    const streams = Object.fromEntries(
      Object.entries(SOURCES).map(([name, source]) => [name, source(signaling.host)]),
    );
    server = await startServer({ streams });
  });
  after(async () => {
    await server?.stop();
    await signaling?.close();
    for (const feed of feeds) feed.stop();
  });

  for (const name of Object.keys(SOURCES)) {
    test(name, async () => {
      await using viewer = await watchMse(server, name, { keep: true });
      await viewer.play(1, 15_000);
      const { video, complaints } = await viewer.decode();
      assert.deepEqual(complaints, []);
      assert.ok(video.distinct > 10, `${video.distinct} pictures`);
      const [producer] = (await server.stream(name)).producers;
      const codecs = producer!.receivers!.map(({ codec }) => codec.codec_name);
      assert.deepEqual(codecs, VIDEO_ONLY.has(name) ? ['h264'] : ['h264', 'pcm_alaw']);
    });
  }

  test('each was asked in its own words', () => {
    const said = (path: string): Record<string, unknown>[] =>
      signaling.asked.filter((asked) => asked.path.startsWith(path)).map(({ message }) => message);
    assert.equal(said('/kinesis?X-Amz')[0]!.recipientClientId, 'me');
    assert.equal(said('/kinesis?signed')[0]!.recipientClientId, 'wyze-client');
    const [bot] = said('/switchbot');
    assert.deepEqual([bot!.action, bot!.resolution, bot!.play_type], ['SDP_OFFER', 2, 3]);
    const session = said('/api/REST/v1/WebRTC/Session')[0]!;
    assert.deepEqual(JSON.parse(String(session.body)), {
      cameraId: 'camera-1',
      playbackTimeNode: { skipGaps: true, speed: 2 },
    });
    assert.equal(said('/creality')[0]!.type, 'plain/text');
    assert.equal(signaling.sockets, 0, 'sockets are closed once media flows');
  });

  test('each is told when nobody watches any more', async () => {
    await until('the peers to be told', () => signaling.cameras.every(({ told }) => told), 15_000);
  });
});

/** A stream that is shared by a link and watched elsewhere; a third server is the tracker. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

describe('shares', () => {
  let camera: RtspCamera;
  let tracker: TestServer;
  let home: TestServer;
  let away: TestServer;

  before(async () => {
    camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    tracker = await startServer({ streams: {} });
    const trackers = [tracker.url('/api/webtorrent').replace('http', 'ws')];
    home = await startServer({
      streams: { cam: camera.url, door: camera.url },
      webtorrent: { trackers, shares: { 'front-door': { pwd: 'word', src: 'door' } } },
    });
    away = await startServer({
      streams: {
        door: 'webtorrent:?share=front-door&pwd=word',
        wrong: 'webtorrent:?share=front-door&pwd=another',
        short: 'webtorrent:?share=short&pwd=word',
      },
      webtorrent: { trackers },
    });
  });
  after(async () => {
    await away?.stop();
    await home?.stop();
    await tracker?.stop();
    await camera?.close();
  });

  const play = async (name: string): Promise<void> => {
    await using viewer = await watchMse(away, name, { keep: true });
    await viewer.play(1, 15_000);
    const { video, complaints } = await viewer.decode();
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 10, `${video.distinct} pictures`);
  };

  test('one of the config plays elsewhere', async () => {
    await play('door');
    const [producer] = (await away.stream('door')).producers;
    assert.equal(producer!.format_name, 'webtorrent');
  });

  test('one that the API makes plays elsewhere, until it ends', async () => {
    const made = await home.fetch('/api/webtorrent?src=cam', { method: 'POST' });
    assert.equal(made.status, 201);
    const { share, pwd } = (await made.json()) as { share: string; pwd: string };
    assert.match(share + pwd, /^[0-9A-Za-z]{20}$/);
    assert.deepEqual(await (await home.fetch('/api/webtorrent?src=cam')).json(), { share, pwd });
    const { sources } = (await (await home.fetch('/api/webtorrent')).json()) as { sources: object[] };
    assert.ok(sources.some((source) => JSON.stringify(source).includes(`share=${share}&pwd=${pwd}`)));
    assert.equal((await home.fetch('/api/webtorrent?src=cam', { method: 'POST' })).status, 400);
    assert.equal((await home.fetch('/api/webtorrent?src=none', { method: 'POST' })).status, 404);
    const query = new URLSearchParams({ name: 'made', src: `webtorrent:?share=${share}&pwd=${pwd}` });
    assert.equal((await away.fetch(`/api/streams?${query}`, { method: 'PATCH' })).status, 200);
    await play('made');
    assert.equal((await home.fetch('/api/webtorrent?src=cam', { method: 'DELETE' })).status, 200);
    assert.equal((await home.fetch('/api/webtorrent?src=cam')).status, 404);
    assert.equal((await home.fetch('/api/webtorrent?src=cam', { method: 'DELETE' })).status, 404);
  });

  test('a wrong password opens nothing, and a short name is refused', async () => {
    const viewers = await home.viewers('door');
    const wrong = await away.fetch('/api/frame.jpeg?src=wrong');
    assert.ok(wrong.status >= 400);
    assert.match(await wrong.text(), /no picture|nobody shares it now/);
    assert.ok((await home.viewers('door')) <= viewers);
    assert.match(await (await away.fetch('/api/frame.jpeg?src=short')).text(), /at least 8 letters/);
  });

  test('viewers at home are gone when nobody watches away', async () => {
    await until('no viewers', async () => (await home.viewers('door')) === 0, 15_000);
  });
});

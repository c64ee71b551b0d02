/** HLS over HTTP and WebSocket: playlists, blocking reloads, parts, what is refused, and who may read it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startTestApi, type TestApi } from './testing.ts';

const FRAME_TICKS = 3600;

describe('hls', () => {
  let api: TestApi;
  let frame = 0;
  before(async () => {
    api = await startTestApi('streams: {cam: rtsp://cam, broken: fail:x}');
  });
  after(() => api.close());

  /** The camera sends frames of 40 ms, a key frame every second. */
  function frames(count: number): void {
    for (const end = frame + count; frame < end; frame++) {
      const key = frame % 25 === 0;
      const data = Buffer.alloc(64, 0xaa);
      data.writeUInt32BE(data.length - 4);
      data[4] = key ? 0x65 : 0x41;
      api.cameras.at(-1)!.send(0, frame * FRAME_TICKS, { key, data });
    }
  }

  /** A new viewer: the address of its playlist. */
  async function open(query = 'src=cam&mp4'): Promise<string> {
    const { status, headers, text } = await api.ask(`/api/stream.m3u8?${query}`);
    assert.deepEqual([status, headers['content-type']], [200, 'application/vnd.apple.mpegurl']);
    const uri = text.split('\n').find((line) => line.startsWith('hls/playlist.m3u8?id='));
    assert.match(uri!, /^hls\/playlist\.m3u8\?id=[\w-]{22}$/);
    return `/api/${uri}`;
  }

  const consumers = async () => (await api.ask('/api/streams?src=cam')).json.consumers ?? [];

  test('a viewer: master, playlist, initialization segment, segments, parts', async () => {
    const playlist = await open();
    const first = api.ask(playlist);
    await sleep(20);
    frames(20);
    const { text, headers } = await first;
    assert.match(text, /#EXTINF:0\.\d+,\nsegment\.m4s\?id=[\w-]+&n=0\n/);
    assert.match(String(headers['cache-control']), /no-cache/);
    const init = await api.ask(`/api/hls/${/init\.mp4\?[^"]+/.exec(text)![0]}`);
    assert.equal(init.headers['content-type'], 'video/mp4');
    assert.equal(init.body.toString('latin1', 4, 8), 'ftyp');
    const segment = await api.ask(`/api/hls/${/^segment\.m4s\?\S+n=0$/m.exec(text)![0]}`);
    assert.equal(segment.headers['content-type'], 'video/iso.segment');
    assert.match(String(segment.headers['cache-control']), /private, max-age/);
    const parts = [...text.matchAll(/URI="(segment\.m4s\?[^"]+n=0&part=\d+)"/g)];
    const bodies = await Promise.all(parts.map(async ([, uri]) => (await api.ask(`/api/hls/${uri}`)).body));
    assert.deepEqual(Buffer.concat(bodies), segment.body);
    const [viewer] = await consumers();
    assert.equal(viewer.format_name, 'hls/fmp4');
    const media = text.length + init.body.length + 2 * segment.body.length;
    assert.ok(viewer.bytes_send > media && viewer.bytes_send < media + 200, 'and the master playlist');
  });

  test('a reload and a hinted part wait until they can be answered', async () => {
    const playlist = await open();
    const { text } = await api.ask(playlist);
    const [, hint] = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(text)!;
    const [, n, part] = /n=(\d+)&part=(\d+)/.exec(hint!)!;
    let answered = 0;
    const reload = api.ask(`${playlist}&_HLS_msn=${n}&_HLS_part=${part}`).finally(() => answered++);
    const hinted = api.ask(`/api/hls/${hint}`).finally(() => answered++);
    await sleep(50);
    assert.equal(answered, 0);
    frames(10);
    assert.ok((await reload).text.includes(`URI="${hint}"`));
    assert.equal((await hinted).status, 200);
  });

  test('viewers share all but their id', async () => {
    const [one, two] = [await open(), await open()];
    const [a, b] = [await api.ask(one), await api.ask(two)];
    const idOf = (playlist: string): string => playlist.split('id=')[1]!;
    assert.equal(a.text.replaceAll(idOf(one), 'ID'), b.text.replaceAll(idOf(two), 'ID'));
    assert.equal(api.streams.require('cam').subscriptions.length, 1);
  });

  test('MPEG-TS without a codec filter', async () => {
    const playlist = await open('src=cam');
    frames(50);
    const { text } = await api.ask(playlist);
    assert.doesNotMatch(text, /EXT-X-(PART|MAP|SERVER-CONTROL)/);
    const segment = await api.ask(`/api/hls/${/^segment\.ts\?\S+$/m.exec(text)![0]}`);
    assert.deepEqual([segment.headers['content-type'], segment.body[0]], ['video/mp2t', 0x47]);
    assert.equal(segment.body.length % 188, 0);
    assert.ok(
      (await consumers()).some((viewer: { format_name: string }) => viewer.format_name === 'hls/mpegts'),
    );
  });

  test('what cannot be had', async () => {
    const playlist = await open();
    const id = playlist.split('id=')[1];
    await api.ask(playlist);
    for (const [status, target] of [
      [404, '/api/stream.m3u8?src=none'],
      [400, '/api/stream.m3u8'],
      [400, '/api/stream.m3u8?src=cam&video=none'],
      [406, '/api/stream.m3u8?src=cam&video=h265'],
      [502, '/api/stream.m3u8?src=broken'],
      [404, '/api/hls/playlist.m3u8?id=AAAAAAAAAAAAAAAAAAAAAA'],
      [400, '/api/hls/playlist.m3u8'],
      [404, `/api/hls/init.mp4?id=${id}&n=7`],
      [404, `/api/hls/segment.m4s?id=${id}&n=999`],
      [404, `/api/hls/segment.m4s?id=${id}&n=0&part=99`],
      [400, `/api/hls/segment.m4s?id=${id}&n=x`],
      [400, `/api/hls/segment.m4s?id=${id}`],
      [400, `${playlist}&_HLS_msn=1000`],
      [400, `${playlist}&_HLS_msn=-1`],
      [400, `${playlist}&_HLS_part=1`],
    ] as const) {
      const answer = await api.ask(target);
      assert.equal(answer.status, status, `${target}: ${answer.text}`);
      assert.ok(answer.text.trim().length > 0);
    }
  });

  test('other web sites may read what an id names, but get no id', async () => {
    const origin = { headers: { origin: 'https://other.example' } };
    const master = await api.ask('/api/stream.m3u8?src=cam&mp4', origin);
    assert.equal(master.headers['access-control-allow-origin'], undefined);
    const playlist = await api.ask(`/api/${master.text.split('\n')[2]}`, origin);
    assert.equal(playlist.headers['access-control-allow-origin'], '*');
    const segment = await api.ask(`/api/hls/${/^segment\.m4s\?\S+$/m.exec(playlist.text)![0]}`, origin);
    assert.equal(segment.headers['access-control-allow-origin'], '*');
    const asked = await api.ask('/api/stream.m3u8', { method: 'OPTIONS' });
    assert.deepEqual([asked.status, asked.headers['access-control-allow-methods']], [200, 'GET']);
  });

  test('Safari is sent here from the endless MP4', async () => {
    const headers = {
      'user-agent': 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15',
    };
    const { status, headers: answer } = await api.ask('/api/stream.mp4?src=cam', { headers });
    assert.deepEqual([status, answer.location], [301, 'stream.m3u8?src=cam&mp4=']);
  });

  test('ws: the master playlist as text', async () => {
    const socket = new WebSocket(`ws://${api.host}/api/ws?src=cam`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'hls', value: 'avc1.640029,mp4a.40.2' }));
    const [data] = await once(socket, 'message');
    const { type, value } = JSON.parse(String(data));
    assert.equal(type, 'hls');
    assert.match(
      value,
      /^#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=\d+,CODECS="avc1\.64001F",RESOLUTION=1920x1080/,
    );
    socket.terminate();
    assert.equal((await api.ask(`/api/${value.split('\n')[2]}`)).status, 200, 'lives on without the socket');
  });

  test('when the stream is removed the playlist ends', async () => {
    const playlist = await open();
    api.streams.set('gone', ['rtsp://gone']);
    const { text } = await api.ask('/api/stream.m3u8?src=gone&mp4');
    frame = 0;
    frames(30);
    const gone = `/api/${text.split('\n')[2]}`;
    assert.doesNotMatch((await api.ask(gone)).text, /ENDLIST/);
    const blocked = api.ask(`${gone}&_HLS_msn=1`);
    await sleep(20);
    api.streams.delete('gone');
    assert.match((await blocked).text, /#EXT-X-ENDLIST\n$/);
    assert.doesNotMatch((await api.ask(playlist)).text, /ENDLIST/);
  });
});

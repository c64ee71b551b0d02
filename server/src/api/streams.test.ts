import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { audioCodec } from '../codecs/codec.ts';
import { FakeConsumer } from '../core/testing.ts';
import { startTestApi, type TestApi } from './testing.ts';

const FILE = `# cameras
streams:
  cam: rtsp://user:file-secret@cam/1   # front
  list: [rtsp://a, fail:b]
  broken: fail:x
  run: exec:cat
`;

const put = { method: 'PUT' };
const query = (parameters: Record<string, string | string[]>) => {
  const result = new URLSearchParams();
  for (const [key, values] of Object.entries(parameters))
    for (const value of [values].flat()) result.append(key, value);
  return result;
};

describe('streams', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(FILE);
  });
  after(() => api.close());

  test('the list: every producer has a url, secrets are masked', async () => {
    const { json, text } = await api.ask('/api/streams');
    assert.deepEqual(json.cam, { producers: [{ url: 'rtsp://***@cam/1' }], consumers: [] });
    assert.deepEqual(json.list.producers, [{ url: 'rtsp://a' }, { url: 'fail:b' }]);
    assert.ok(!text.includes('file-secret'));
    assert.equal((await api.ask('/api/streams?src=none')).status, 404);
    assert.deepEqual((await api.ask('/api/streams?src=')).json, json, 'no name: all of them');
  });

  test('a running stream, in the members and the order of go2rtc', async () => {
    const stream = api.streams.require('cam');
    const consumer = new FakeConsumer([{ kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] }]);
    await stream.attach(consumer);
    const camera = api.cameras.at(-1)!;
    camera.backchannel = {
      codecs: [audioCodec('pcm_alaw', 8000)],
      open: async () => ({ write() {}, close() {} }),
    };
    camera.send(0, 0, { key: true, data: Buffer.alloc(10) });
    const { json, text } = await api.ask('/api/streams?src=cam');
    const [producer] = json.producers;
    assert.deepEqual(Object.keys(producer), ['id', 'format_name', 'protocol', 'url', 'medias', 'receivers']);
    assert.deepEqual(producer.medias, ['video, recvonly, H264', 'audio, sendonly, PCMA/8000']);
    const [sent] = json.consumers;
    assert.deepEqual(producer.receivers, [
      {
        id: producer.receivers[0].id,
        codec: {
          codec_name: 'h264',
          codec_type: 'video',
          height: 1080,
          level: 31,
          profile: 'High',
          width: 1920,
        },
        childs: [sent.senders[0].id],
        bytes: 10,
        packets: 1,
      },
    ]);
    assert.deepEqual(sent.medias, ['video, sendonly, H264, H265']);
    assert.equal(sent.senders[0].parent, producer.receivers[0].id);
    assert.ok(text.startsWith('{\n  "producers": [\n'));

    const dot = await api.ask('/api/streams.dot?src=cam');
    assert.equal(dot.headers['content-type'], 'text/vnd.graphviz');
    assert.match(
      dot.text,
      /^digraph \{\n.*"test" \[group=host\];\n\d+ \[group=producer, label="fake", title="format_name=fake\\nprotocol=test"\];.* -> \d+ \[label="10 B"\];\n.*\}$/s,
    );
    stream.detach(consumer);
  });

  test('a source that fails says why, without its password', async () => {
    await assert.rejects(api.streams.require('broken').attach(new FakeConsumer()));
    const { json } = await api.ask('/api/streams?src=broken');
    assert.equal(json.producers[0].url, 'fail:x');
    assert.match(json.producers[0].error, /connection refused/);
  });

  test('a probe opens the source, shows itself, and leaves', async () => {
    const { json } = await api.ask('/api/streams?src=list&video=all&audio=all&microphone');
    assert.equal(json.producers[0].receivers.length, 1);
    assert.equal(json.consumers[0].format_name, 'probe');
    assert.deepEqual(api.streams.require('list').subscriptions, []);
    const failed = await api.ask('/api/streams?src=broken&video');
    assert.deepEqual([failed.status, /connection refused/.test(failed.text)], [502, true]);
    assert.equal((await api.ask('/api/streams?src=list&video=nonsense')).status, 400);
  });

  test('what Home Assistant does: put, read back verbatim, put again', async () => {
    const source = 'rtsp://user:put-secret@door/1?x=1&y=2';
    const sources = [source, 'ffmpeg:camera.door#audio=opus#query=log_level=debug'];
    const target = `/api/streams?${query({ name: 'camera.door', src: sources })}`;
    assert.equal((await api.ask(target, put)).status, 200);
    const urls = async () =>
      (await api.ask('/api/streams')).json['camera.door'].producers.map(({ url }: { url: string }) => url);
    assert.deepEqual(await urls(), sources);
    const consumer = new FakeConsumer();
    await api.streams.require('camera.door').attach(consumer);
    assert.deepEqual(await urls(), sources, 'while it runs too');
    assert.equal((await api.ask(target, put)).status, 200);
    assert.equal(consumer.closed, undefined, 'the same sources disturb nobody');
    // Somebody else sees the masked text.
    const elsewhere = await api.ask('/api/streams', { headers: { 'x-forwarded-for': '192.0.2.77' } });
    assert.equal(elsewhere.json['camera.door'].producers[0].url, 'rtsp://***@door/1?x=1&y=2');
    assert.match(readFileSync(api.path, 'utf8'), /camera\.door:\n {4}- rtsp:\/\/user:put-secret@door/);
    assert.match(readFileSync(api.path, 'utf8'), /^# cameras\nstreams:\n {2}cam: .* {3}# front$/m);
    assert.equal((await api.ask('/api/streams?src=camera.door', { method: 'DELETE' })).status, 200);
    assert.equal(readFileSync(api.path, 'utf8'), FILE);
    assert.equal(api.streams.get('camera.door'), undefined);
    assert.notEqual(consumer.closed, undefined);
    assert.equal((await api.ask('/api/streams?src=camera.door', { method: 'DELETE' })).status, 200);
  });

  test('refused sources and names change nothing', async () => {
    const refusals: [Record<string, string | string[]>, RegExp][] = [
      [{ name: 'x', src: 'exec:ls' }, /config file only/],
      [{ name: 'x', src: ['rtsp://a', 'nonsense:x'] }, /source not supported: nonsense/],
      [{ name: 'x', src: 'rtsp://a b' }, /spaces/],
      [{ name: 'x', src: 'ffmpeg:/etc/passwd' }, /neither a stream/],
      [{ name: ' ', src: 'rtsp://a' }, /not a stream name/],
      [{ name: 'a\nb', src: 'rtsp://a' }, /not a stream name/],
      [{ name: 'x' }, /src/],
      [{ name: 'x', src: Array(17).fill('rtsp://a') as string[] }, /more than 16 sources/],
    ];
    const names = api.streams.names();
    for (const [parameters, reason] of refusals) {
      const { status, text } = await api.ask(`/api/streams?${query(parameters)}`, put);
      assert.equal(status, 400, text);
      assert.match(text, reason);
    }
    assert.deepEqual(api.streams.names(), names);
    assert.equal(readFileSync(api.path, 'utf8'), FILE);
  });

  test('patch: until the next start only', async () => {
    const patch = { method: 'PATCH' };
    assert.equal((await api.ask('/api/streams?name=list&src=rtsp://patched', patch)).status, 200);
    assert.deepEqual(
      api.streams.require('list').sources.map(({ text }) => text),
      ['rtsp://patched'],
    );
    assert.equal((await api.ask('/api/streams?name=second&src=cam', patch)).status, 200);
    assert.equal(api.streams.get('second'), api.streams.get('cam'));
    const own = query({ name: 'third', src: 'rtsp://127.0.0.1:8554/cam?video=h264' });
    assert.equal((await api.ask(`/api/streams?${own}`, patch)).status, 200);
    assert.equal(api.streams.get('third'), api.streams.get('cam'));
    assert.equal((await api.ask('/api/streams?name=x&src=exec:ls', patch)).status, 400);
    assert.equal((await api.ask('/api/streams?src=rtsp://a', patch)).status, 400);
    assert.equal(readFileSync(api.path, 'utf8'), FILE);
  });

  test('post: plays on a loudspeaker', async () => {
    const post = { method: 'POST' };
    assert.equal((await api.ask('/api/streams?src=rtsp://x&dst=none', post)).status, 404);
    assert.equal((await api.ask('/api/streams?src=cam&dst=http://x', post)).status, 501);
    assert.equal((await api.ask('/api/streams?src=cam&dst=rtmp://x', post)).status, 400);
    assert.equal((await api.ask('/api/streams?src=exec:ls&dst=cam', post)).status, 400);
    const silent = await api.ask('/api/streams?src=rtsp://x&dst=cam', post);
    assert.equal(silent.status, 406, silent.text);
    assert.equal((await api.ask('/api/streams?src=&dst=cam', post)).status, 200);
    assert.equal((await api.ask('/api/ffmpeg?dst=cam', post)).status, 400);
    assert.equal((await api.ask('/api/ffmpeg?dst=cam&file=/etc/passwd', post)).status, 400);
    assert.equal((await api.ask('/api/ffmpeg?dst=cam&live=http://x%23raw=-y', post)).status, 400);
    assert.equal((await api.ask('/api/ffmpeg?dst=none&file=/a.mp3', post)).status, 404);
  });

  test('a sound is heard', async () => {
    const written: number[] = [];
    const stream = api.streams.set('speaker', ['rtsp://speaker']);
    const viewer = new FakeConsumer();
    await stream.attach(viewer);
    api.cameras.at(-1)!.backchannel = {
      codecs: [audioCodec('pcm_alaw', 8000)],
      open: async () => ({ write: ({ data }) => void written.push(data.length), close() {} }),
    };
    api.nextCodecs.push([audioCodec('pcm_alaw', 8000)]);
    const { status, text } = await api.ask('/api/streams?src=http://sound.wav&dst=speaker', {
      method: 'POST',
    });
    assert.equal(status, 200, text);
    const sound = api.cameras.at(-1)!;
    sound.send(0, 0, { key: true, data: Buffer.alloc(160) });
    assert.deepEqual(written, [160]);
    const playing = async (): Promise<unknown> =>
      (await api.ask('/api/cameras')).json.cameras.find(({ id }: { id: string }) => id === 'speaker').playing;
    assert.equal(await playing(), true);
    await api.ask('/api/streams?src=&dst=speaker', { method: 'POST' });
    assert.ok(sound.stopped);
    assert.equal(await playing(), undefined);
  });

  test('preload', async () => {
    assert.deepEqual((await api.ask('/api/preload')).json, {});
    assert.equal((await api.ask('/api/preload?src=cam&video=h264&x=y', put)).status, 200);
    const { json } = await api.ask('/api/preload');
    assert.equal(json.cam.query, 'video=h264');
    assert.equal(json.cam.consumer.format_name, 'preload');
    assert.match(readFileSync(api.path, 'utf8'), /^preload:\n {2}cam: video=h264\n/m);
    assert.equal(api.streams.require('cam').subscriptions.length, 1);
    assert.equal((await api.ask('/api/preload?src=cam', { method: 'DELETE' })).status, 200);
    assert.equal(api.streams.require('cam').subscriptions.length, 0);
    const again = await api.ask('/api/preload?src=cam', { method: 'DELETE' });
    assert.deepEqual([again.status, again.text], [404, 'preload not found: cam\n']);
    assert.equal((await api.ask('/api/preload?src=none', put)).status, 404);
  });
});

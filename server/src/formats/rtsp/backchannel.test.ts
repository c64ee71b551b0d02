import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { h264Clip } from '../../../../test/fakes/clips.ts';
import { ClipFeed } from '../../../../test/fakes/feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../../../../test/fakes/rtsp-camera.ts';
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import type { Packet, Producer, Talk } from '../../core/model.ts';
import { configureLog } from '../../util/log.ts';
import { createFramer } from './backchannel.ts';
import { openRtsp } from './testing.ts';

configureLog({ level: 'disabled' });

const never = new AbortController().signal;

/** Silence of this many bytes. */
function audioPacket(codec: AudioCodec, pts: number, bytes: number): Packet {
  const track = { id: 0, codec };
  return { track, data: Buffer.alloc(bytes, 0xd5), pts, dts: pts, duration: 0, key: true, time: 0 };
}

describe('frames of PCM', () => {
  const frames = (codec: AudioCodec, packets: readonly (readonly [pts: number, bytes: number])[]) => {
    const result: [number, number][] = [];
    const framer = createFramer(codec, ({ pts, data }) => result.push([pts, data.length]));
    for (const [pts, bytes] of packets) framer.push(audioPacket(codec, pts, bytes));
    framer.flush();
    return result;
  };
  const twenty = Array.from({ length: 20 }, (_, i) => [i * 160, 160] as const);

  test('A-law: 1024 bytes, as Reolink doorbells want it', () => {
    const codec = audioCodec('pcm_alaw', 8000);
    assert.deepEqual(frames(codec, twenty), [
      [0, 1024],
      [1024, 1024],
      [2048, 1024],
      [3072, 128],
    ]);
  });

  test('the others: 20 ms, whatever comes in', () => {
    assert.deepEqual(frames(audioCodec('pcm_mulaw', 8000), [[0, 400]]), [
      [0, 160],
      [160, 160],
      [320, 80],
    ]);
    assert.deepEqual(frames(audioCodec('pcm_s16be', 16000), [[0, 640]]), [[0, 640]]);
    assert.deepEqual(frames(audioCodec('adpcm_g722', 16000), [[0, 240]]), [
      [0, 160],
      [320, 80],
    ]);
  });

  test('a pause is no sound: what came before it goes out, and time goes on after it', () => {
    const codec = audioCodec('pcm_mulaw', 8000);
    assert.deepEqual(
      frames(codec, [
        [0, 100],
        [8000, 160],
      ]),
      [
        [0, 100],
        [8000, 160],
      ],
    );
  });

  test('codecs with frames of their own pass', () => {
    assert.deepEqual(frames(audioCodec('aac', 16000), [[0, 77]]), [[0, 77]]);
  });
});

interface Conversation {
  readonly camera: RtspCamera;
  readonly producer: Producer;
  readonly pictures: Packet[];
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

async function converse(options: Partial<CameraOptions>, suffix = ''): Promise<Conversation> {
  const camera = await startRtspCamera({
    feeds: [new ClipFeed(await h264Clip())],
    loudspeaker: 'PCMA',
    ...options,
  });
  const producer = await openRtsp(camera.url + suffix);
  const pictures: Packet[] = [];
  const controller = new AbortController();
  const ended = producer.run((packet) => pictures.push(packet), controller.signal);
  ended.catch(() => {});
  return {
    ...{ camera, producer, pictures, ended },
    stop: () => {
      controller.abort();
      return ended;
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
      await ended.catch(() => {});
      await camera.close();
    },
  };
}

async function say(talk: Talk, codec: AudioCodec, packets: number): Promise<void> {
  for (let i = 0; i < packets; i++) talk.write(audioPacket(codec, i * 160, 160));
  await sleep(200);
}

function assertHeard({ heard }: RtspCamera, payloadType: number, ticks: number, atLeast: number): void {
  assert.ok(heard.length >= atLeast, `heard ${heard.length} packets`);
  for (const [i, packet] of heard.entries()) {
    assert.equal(packet.payloadType, payloadType);
    assert.equal(packet.sequence, (heard[0]!.sequence + i) & 0xffff);
    assert.equal(packet.timestamp, (heard[0]!.timestamp + i * ticks) >>> 0);
  }
}

describe('a talk', () => {
  for (const transport of ['', '#transport=udp#backchannel=1']) {
    test(`has a session of its own ${transport}`, async () => {
      await using conversation = await converse({}, transport);
      const { camera, producer, pictures } = conversation;
      const [codec] = producer.backchannel!.codecs;
      assert.equal(codec?.name, 'pcm_alaw');
      await sleep(300);
      assert.ok(camera.requests.every(({ url, method }) => method !== 'SETUP' || url.endsWith('track0')));
      const talk = await producer.backchannel!.open(codec!, never);
      assert.equal(camera.connections, 2);
      await say(talk, codec!, 64);
      talk.close();
      await sleep(100);
      assert.equal(camera.connections, 1);
      assertHeard(camera, 8, 1024, 10);
      for (let i = 1; i < pictures.length; i++) assert.equal(pictures[i]!.dts - pictures[i - 1]!.dts, 3600);
      await conversation.stop();
      assert.equal(camera.requests.filter(({ method }) => method === 'TEARDOWN').length, 2);
    });
  }

  test('takes the session of the picture where a second one is refused; the picture comes back', async () => {
    await using conversation = await converse({ maximumConnections: 1, loudspeaker: 'PCMU' });
    const { camera, producer, pictures } = conversation;
    const [codec] = producer.backchannel!.codecs;
    await sleep(300);
    const before = pictures.length;
    const talk = await producer.backchannel!.open(codec!, never);
    await say(talk, codec!, 50);
    talk.close();
    const again = await producer.backchannel!.open(codec!, never);
    again.close();
    await sleep(500);
    assertHeard(camera, 0, 160, 50);
    assert.ok(pictures.length > before + 10);
    for (let i = 1; i < pictures.length; i++) {
      const step = (pictures[i]!.dts - pictures[i - 1]!.dts) / 90000;
      assert.ok(step >= 0 && step < 3, `the time line steps by ${step} s`);
    }
    assert.equal(camera.connections, 1);
  });

  test('ends with its source', async () => {
    await using conversation = await converse({});
    const { camera, producer } = conversation;
    await producer.backchannel!.open(producer.backchannel!.codecs[0]!, never);
    assert.equal(camera.connections, 2);
    await conversation.stop();
    await sleep(100);
    assert.equal(camera.connections, 0);
  });

  test('that is refused altogether fails, and so does the source that it took down', async () => {
    let closed = false;
    await using conversation = await converse({
      intercept: ({ url, headers }) =>
        closed || (headers.require && url.endsWith('track1'))
          ? { status: '453 Not Enough Bandwidth' }
          : undefined,
    });
    const { producer, ended } = conversation;
    closed = true;
    await assert.rejects(producer.backchannel!.open(producer.backchannel!.codecs[0]!, never), /453/);
    await assert.rejects(ended, /453/);
  });

  test('a loudspeaker alone is a source without tracks', async () => {
    await using conversation = await converse({ feeds: [], loudspeaker: 'PCMU' });
    const { camera, producer, pictures } = conversation;
    assert.deepEqual(producer.tracks, []);
    await sleep(100);
    assert.equal(camera.connections, 0);
    const [codec] = producer.backchannel!.codecs;
    const talk = await producer.backchannel!.open(codec!, never);
    await say(talk, codec!, 10);
    talk.close();
    assertHeard(camera, 0, 160, 10);
    assert.equal(pictures.length, 0);
  });
});

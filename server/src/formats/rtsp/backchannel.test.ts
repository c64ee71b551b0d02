import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { h264Clip } from '../../../../test/fakes/clips.ts';
import { ClipFeed } from '../../../../test/fakes/feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../../../../test/fakes/rtsp-camera.ts';
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import type { Packet, Producer, Talk } from '../../core/model.ts';
import { createFramer } from '../../rtp/framer.ts';
import { configureLog } from '../../util/log.ts';
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
    const emit = ({ pts, data }: Packet): void => void result.push([pts, data.length]);
    const framer = createFramer(codec, emit, codec.name === 'pcm_alaw' ? 1024 : undefined);
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

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  assert.ok(condition());
}

function say(talk: Talk, codec: AudioCodec, packets: number): void {
  for (let i = 0; i < packets; i++) talk.write(audioPacket(codec, i * 160, 160));
}

async function assertHears(
  { heard }: RtspCamera,
  { payloadType, ticks, packets }: { payloadType: number; ticks: number; packets: number },
): Promise<void> {
  await until(() => heard.length >= packets);
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
      say(talk, codec!, 64);
      await assertHears(camera, { payloadType: 8, ticks: 1024, packets: 10 });
      talk.close();
      await until(() => camera.connections === 1);
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
    say(talk, codec!, 50);
    talk.close();
    const again = await producer.backchannel!.open(codec!, never);
    again.close();
    await assertHears(camera, { payloadType: 0, ticks: 160, packets: 50 });
    await until(() => pictures.length > before + 10);
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
    await until(() => camera.connections === 0);
  });

  test('that is refused altogether fails, and the picture comes back; the next one does not disturb it', async () => {
    await using conversation = await converse({
      intercept: ({ url }) => (url.endsWith('track1') ? { status: '453 Not Enough Bandwidth' } : undefined),
    });
    const { camera, producer, pictures } = conversation;
    const [codec] = producer.backchannel!.codecs;
    await assert.rejects(producer.backchannel!.open(codec!, never), /453/);
    const { accepted } = camera;
    await assert.rejects(producer.backchannel!.open(codec!, never), /453/);
    assert.equal(camera.accepted, accepted + 1);
    const before = pictures.length;
    await until(() => pictures.length > before + 5);
    await conversation.stop();
  });

  test('a camera that does not come back after a talk was asked for ends the source', async () => {
    let gone = false;
    await using conversation = await converse({
      intercept: ({ url }) => {
        gone ||= url.endsWith('track1');
        return gone ? { status: '500 Internal Server Error' } : undefined;
      },
    });
    const { producer, ended } = conversation;
    const talk = producer.backchannel!.open(producer.backchannel!.codecs[0]!, never);
    await assert.rejects(talk, /500/);
    await assert.rejects(ended, /500/);
  });

  test('a loudspeaker alone is a source without tracks', async () => {
    await using conversation = await converse({ feeds: [], loudspeaker: 'PCMU' });
    const { camera, producer, pictures } = conversation;
    assert.deepEqual(producer.tracks, []);
    await until(() => camera.connections === 0);
    const [codec] = producer.backchannel!.codecs;
    const talk = await producer.backchannel!.open(codec!, never);
    say(talk, codec!, 10);
    await assertHears(camera, { payloadType: 0, ticks: 160, packets: 10 });
    talk.close();
    assert.equal(pictures.length, 0);
  });
});

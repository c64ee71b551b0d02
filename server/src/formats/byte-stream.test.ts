import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { StreamError } from '../core/errors.ts';
import type { Packet, Producer } from '../core/model.ts';
import { openBytes } from './byte-stream.ts';

const VIDEO = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=size=320x240:rate=25',
  '-frames:v',
  '50',
  '-pix_fmt',
  'yuv420p',
];
const AUDIO = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000:duration=2', '-ac', '1'];

const never = new AbortController().signal;

function ffmpeg(...args: string[]): Readable {
  return spawn('ffmpeg', ['-v', 'error', ...args, '-'], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout;
}

async function packetsOf(producer: Producer): Promise<Packet[]> {
  const packets: Packet[] = [];
  await producer.run((packet) => packets.push(packet), never);
  return packets;
}

interface Case {
  readonly format: string;
  readonly args: readonly string[];
  readonly codec: string;
  readonly packets: number;
  readonly keys: number;
}

const CASES: readonly Case[] = [
  {
    format: 'h264',
    args: [...VIDEO, '-c:v', 'libx264', '-g', '25', '-tune', 'zerolatency', '-f', 'h264'],
    codec: 'h264',
    packets: 50,
    keys: 2,
  },
  {
    format: 'hevc',
    args: [...VIDEO, '-c:v', 'libx265', '-x265-params', 'keyint=25:bframes=0:log-level=none', '-f', 'hevc'],
    codec: 'hevc',
    packets: 50,
    keys: 2,
  },
  {
    format: 'flv',
    args: [...VIDEO, '-c:v', 'libx264', '-g', '25', '-bf', '2', '-f', 'flv'],
    codec: 'h264',
    packets: 50,
    keys: 2,
  },
  {
    format: 'mpegts',
    args: [...VIDEO, '-c:v', 'libx264', '-g', '25', '-bf', '2', '-f', 'mpegts'],
    codec: 'h264',
    packets: 50,
    keys: 2,
  },
  {
    format: 'mpegts',
    args: [...AUDIO, '-c:a', 'aac', '-f', 'mpegts'],
    codec: 'aac',
    packets: 33,
    keys: 33,
  },
  { format: 'mjpeg', args: [...VIDEO, '-f', 'mjpeg'], codec: 'mjpeg', packets: 50, keys: 50 },
  { format: 'mpjpeg', args: [...VIDEO, '-f', 'mpjpeg'], codec: 'mjpeg', packets: 50, keys: 50 },
  { format: 'adts', args: [...AUDIO, '-c:a', 'aac', '-f', 'adts'], codec: 'aac', packets: 33, keys: 33 },
  {
    format: 'wav',
    args: [...AUDIO, '-c:a', 'pcm_alaw', '-f', 'wav'],
    codec: 'pcm_alaw',
    packets: 100,
    keys: 100,
  },
  {
    format: 'wav',
    args: [...AUDIO, '-c:a', 'pcm_s16le', '-f', 'wav'],
    codec: 'pcm_s16le',
    packets: 100,
    keys: 100,
  },
  {
    format: 'nut',
    args: [...VIDEO, '-c:v', 'libx264', '-g', '25', '-bf', '2', '-f', 'nut'],
    codec: 'h264',
    packets: 50,
    keys: 2,
  },
];

for (const { format, args, codec, packets, keys } of CASES) {
  test(`${format} with ${codec} as ffmpeg writes it`, async () => {
    const producer = await openBytes(ffmpeg(...args), { protocol: 'pipe', signal: never });
    assert.equal(producer.peer.format, format);
    assert.deepEqual(
      producer.tracks.map((track) => track.codec.name),
      [codec],
    );
    const [track] = producer.tracks;
    if (track?.codec.kind === 'video') assert.deepEqual([track.codec.width, track.codec.height], [320, 240]);
    const received = await packetsOf(producer);
    assert.ok(Math.abs(received.length - packets) <= 1, `${received.length} packets`);
    assert.equal(received.filter(({ key }) => key).length - received.length + packets, keys);
    assert.ok(received.every(({ dts }, index) => dts > (received[index - 1]?.dts ?? -1)));
  });
}

const REFUSED: readonly [string, Readable, RegExp, string][] = [
  ['nothing', Readable.from([]), /ended before any data/, 'closed'],
  [
    'an unknown format',
    Readable.from([Buffer.from('GIF89a……')]),
    /unknown byte format, begins with 4749/,
    'protocol',
  ],
  [
    'a start without a picture',
    Readable.from([Buffer.from('00000001674200', 'hex')]),
    /no track found in the first 7 bytes/,
    'protocol',
  ],
];
for (const [name, input, message, code] of REFUSED) {
  test(`refuses ${name}`, async () => {
    await assert.rejects(openBytes(input, { protocol: 'pipe', signal: never }), (error: StreamError) => {
      assert.ok(error instanceof StreamError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(input.destroyed, true);
  });
}

test('gives up on an input that says nothing', async () => {
  const silent = new Readable({ read() {} });
  const opening = openBytes(silent, { protocol: 'tcp', signal: never, timeoutMs: 50 });
  await assert.rejects(opening, /within the time allowed/);
  assert.equal(silent.destroyed, true);
});

test('stops when told to while it runs', async () => {
  const stop = new AbortController();
  const endless = ffmpeg('-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25', '-f', 'mjpeg');
  const producer = await openBytes(endless, { protocol: 'pipe', signal: never });
  let count = 0;
  await producer.run(() => {
    count++;
    if (count === 5) stop.abort();
  }, stop.signal);
  assert.equal(endless.destroyed, true);
});

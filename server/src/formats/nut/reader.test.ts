import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { type NutFrame, NutReader } from './reader.ts';

const MAKE =
  '-f lavfi -i testsrc2=size=64x48:rate=25 -f lavfi -i sine=sample_rate=16000 -t 2 -c:v libx264 -bf 2 -g 25 -c:a aac -ac 1';

let file: Buffer;

before(() => {
  file = ffmpeg(`${MAKE} -f nut -`);
});

function read(bytes: Buffer, step = bytes.length): NutFrame[] {
  const reader = new NutReader();
  const frames: NutFrame[] = [];
  for (let at = 0; at < bytes.length; at += step)
    reader.push(bytes.subarray(at, at + step), (frame) => frames.push(frame));
  return frames;
}

const told = ({ stream, pts, key, data }: NutFrame) => [stream.id, pts, key, data.length];

describe('NUT as FFmpeg writes it', () => {
  test('frames are those that ffprobe finds, whatever the size of the pieces', () => {
    const { packets } = ffprobe('-show_packets', file);
    const expected = packets!.map(({ stream_index, pts, flags, size }) => [
      stream_index,
      pts,
      String(flags).startsWith('K'),
      Number(size),
    ]);
    assert.deepEqual(read(file).map(told), expected);
    for (const step of [1, 7, 4096]) assert.deepEqual(read(file, step).map(told), expected);
  });

  test('stream headers', () => {
    const reader = new NutReader();
    reader.push(file, () => {});
    assert.ok(reader.complete);
    const [video, audio] = reader.streams;
    assert.deepEqual([video!.kind, video!.width, video!.height, video!.decodeDelay], ['video', 64, 48, 2]);
    assert.deepEqual([audio!.kind, audio!.sampleRate, audio!.channels], ['audio', 16000, 1]);
  });

  test('times beyond 33 bits, and without syncpoints', () => {
    const words = '-f lavfi -i sine=sample_rate=8000 -t 1 -output_ts_offset 3000000 -c:a pcm_alaw';
    for (const syncpoints of ['default', 'none']) {
      const frames = read(ffmpeg(`${words} -strict experimental -syncpoints ${syncpoints} -f nut -`));
      assert.equal(frames[0]!.pts, 3_000_000 * 8000);
    }
  });

  test('a frame is read as soon as its last byte is there', () => {
    const reader = new NutReader();
    const frames: NutFrame[] = [];
    const end = file.indexOf(read(file)[0]!.data) + read(file)[0]!.data.length;
    reader.push(file.subarray(0, end - 1), (frame) => frames.push(frame));
    assert.equal(frames.length, 0);
    reader.push(file.subarray(end - 1, end), (frame) => frames.push(frame));
    assert.equal(frames.length, 1);
  });

  test('after damage it goes on at the next syncpoint', () => {
    const damaged = Buffer.from(file);
    const middle = file.length >> 1;
    damaged.fill(0x4e, middle, middle + 40);
    const frames = read(damaged).map(told);
    const whole = read(file).map(told);
    assert.ok(frames.length > whole.length / 2);
    assert.deepEqual(frames.at(-1), whole.at(-1));
  });
});

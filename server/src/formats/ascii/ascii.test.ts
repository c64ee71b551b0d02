import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { nearestOf8, nearestOf256 } from './colours.ts';
import { asciiOptions, gridOf } from './options.ts';
import { createMuxer, createOutput } from './output.ts';

/** One frame of an ffmpeg filter graph, drawn. */
function draw(graph: string, size: string, query: string, pixelFormat = 'yuv420p'): string {
  const [width, height] = size.split('x').map(Number) as [number, number];
  const data = ffmpeg(`-f lavfi -i ${graph} -frames:v 1 -s ${size} -pix_fmt ${pixelFormat} -f rawvideo -`);
  const track = { id: 1, codec: videoCodec('rawvideo', { width, height, pixelFormat }) };
  const muxer = createMuxer([track], asciiOptions(new URLSearchParams(query)));
  const chunk = muxer.mux({ track, data, pts: 0, dts: 0, duration: 0, key: true, time: 0 });
  return shown(chunk!.body);
}

/** With ␛ for the escape character. */
function shown(body: readonly Buffer[]): string {
  return Buffer.concat(body).toString().replaceAll('\x1b', '␛');
}

/** Rows of the text without its control sequences. */
const rowsOf = (text: string): string[] => text.replace(/␛\[[\d;]*[A-Za-z]/g, '').split('\n');

const RAMP = ' .::--~~==++**##%%$@';

test('brightness of the cells is that of the picture as ffmpeg scales it', () => {
  for (const pixelFormat of ['yuv420p', 'yuvj420p', 'yuv422p', 'yuv444p', 'gray']) {
    const rows = rowsOf(draw('testsrc2=size=640x480', '640x480', 'width=80', pixelFormat));
    assert.equal(rows.length, 30);
    const gray = ffmpeg(
      '-f lavfi -i testsrc2=size=640x480 -frames:v 1 -vf format=yuv420p,scale=80:30:flags=area,format=gray -f rawvideo -',
    );
    let difference = 0;
    rows.forEach((row, y) => {
      assert.equal(row.length, 80);
      [...row].forEach((character, x) => {
        const level =
          ((RAMP.indexOf(character) + RAMP.lastIndexOf(character)) / 2 + 0.5) * (256 / RAMP.length);
        difference += Math.abs(level - gray[y * 80 + x]!);
      });
    });
    const mean = difference / gray.length;
    assert.ok(mean < 10, `${pixelFormat}: ${mean} levels off`);
  }
});

test('a ramp from black to white uses the whole ramp of characters', () => {
  const graph = "nullsrc=size=400x16,geq=lum='16+219*X/(W-1)':cb=128:cr=128";
  const [row] = rowsOf(draw(graph, '400x16', 'width=100&height=1'));
  assert.equal(row![0], ' ');
  assert.equal(row!.at(-1), '@');
  const levels = [...row!].map((character) => RAMP.indexOf(character));
  assert.ok(levels.every((level, at) => at === 0 || level >= levels[at - 1]!));
  assert.equal(new Set(levels).size, new Set(RAMP).size);
});

const COLOURS: readonly (readonly [graph: string, rgb: readonly number[]])[] = [
  ['red', [255, 0, 0]],
  ['lime', [0, 255, 0]],
  ['blue', [0, 0, 255]],
  ['white', [255, 255, 255]],
  ['orange', [255, 165, 0]],
];

for (const [name, rgb] of COLOURS) {
  for (const size of ['320x240', '1280x720']) {
    test(`${name} in ${size} is ${name}`, () => {
      const matrix = size === '1280x720' ? 'bt709' : 'bt601';
      const text = draw(
        `color=${name}:size=${size},format=rgb24,scale=out_color_matrix=${matrix},format=yuv420p`,
        size,
        'color=rgb&width=4',
      );
      const [, ...found] = /␛\[38;2;(\d+);(\d+);(\d+)m/.exec(text)!;
      assert.ok(
        found.every((value, at) => Math.abs(Number(value) - rgb[at]!) <= 4),
        `${found}`,
      );
    });
  }
}

test('the form of a picture: home, rows, reset; a colour only where it changes', () => {
  const text = draw('color=red:size=64x64', '64x64', 'width=4&height=2&color=8&text=block');
  assert.match(text, /^␛\[H␛\[31m(\S{4})\n\1␛\[0m$/u);
  const both = draw('color=blue:size=64x64', '64x64', 'width=2&height=1&color=256&back=8&text=x');
  assert.match(both, /^␛\[H␛\[38;5;21;44mxx␛\[0m$/);
  const fixed = draw('color=blue:size=64x64', '64x64', 'width=2&height=1&color=1;32');
  assert.match(fixed, /^␛\[H␛\[1;32m..␛\[0m$/);
  assert.match(draw('color=white:size=64x64', '64x64', 'width=2&height=1'), /^␛\[H@@␛\[0m$/);
});

test('a clear screen goes first; text/plain', () => {
  const output = createOutput(new URLSearchParams());
  const track = { id: 1, codec: videoCodec('rawvideo', { width: 8, height: 8, pixelFormat: 'gray' }) };
  const muxer = output.createMuxer([track]);
  assert.equal(shown(muxer.header), '␛[2J');
  assert.equal(muxer.contentType, 'text/plain; charset=utf-8');
  const short = { track, data: Buffer.alloc(10), pts: 0, dts: 0, duration: 0, key: true, time: 0 };
  assert.equal(muxer.mux(short), undefined, 'a frame that is cut short');
  const deep = { id: 1, codec: videoCodec('rawvideo', { width: 8, height: 8, pixelFormat: 'gray10le' }) };
  assert.throws(() => output.createMuxer([deep]), { code: 'unsupported', message: /gray10le/ });
});

test('the grid keeps the shape of the picture', () => {
  const hd = { width: 1920, height: 1080 };
  const grid = (columns?: number, rows?: number) => gridOf({ columns, rows }, hd);
  assert.deepEqual(grid(), { columns: 120, rows: 34 });
  assert.deepEqual(grid(80), { columns: 80, rows: 23 });
  assert.deepEqual(grid(undefined, 24), { columns: 85, rows: 24 });
  assert.deepEqual(grid(10, 10), { columns: 10, rows: 10 });
  assert.deepEqual(gridOf({ columns: 500, rows: undefined }, { width: 1, height: 1000 }), {
    columns: 500,
    rows: 250,
  });
  assert.deepEqual(gridOf({ columns: 1, rows: undefined }, { width: 1000, height: 1 }), {
    columns: 1,
    rows: 1,
  });
});

test('queries that cannot be read', () => {
  for (const query of [
    'color=red',
    'back=1;',
    'width=0',
    'width=501',
    'height=x',
    'height=1e2',
    'text=%1b',
    `text=${'x'.repeat(65)}`,
  ]) {
    assert.throws(() => asciiOptions(new URLSearchParams(query)), { code: 'invalid' }, query);
  }
});

test('nearest colours of the palettes', () => {
  assert.equal(nearestOf8(250, 10, 10), 1);
  assert.equal(nearestOf8(90, 90, 90), 0);
  assert.equal(nearestOf8(200, 210, 220), 7);
  assert.equal(nearestOf256(255, 0, 0), 196);
  assert.equal(nearestOf256(0, 0, 0), 16);
  assert.equal(nearestOf256(255, 255, 255), 231);
  assert.equal(nearestOf256(118, 118, 118), 243);
  assert.equal(nearestOf256(95, 135, 175), 67);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { splitCommandLine } from './command-line.ts';

const CASES: readonly [string, readonly string[]][] = [
  ['ffmpeg -re -i a.mp4', ['ffmpeg', '-re', '-i', 'a.mp4']],
  ['  spaced\t out \n', ['spaced', 'out']],
  [`play "two words" 'it is "so"' end`, ['play', 'two words', 'it is "so"', 'end']],
  ['mid"quote stays', ['mid"quote', 'stays']],
  [`empty "" word`, ['empty', '', 'word']],
  ['no $(shell) `here` ; rm', ['no', '$(shell)', '`here`', ';', 'rm']],
];

for (const [text, words] of CASES) {
  test(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitCommandLine(text), words));
}

for (const text of ['', '   ', '"open', "a 'b"]) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => splitCommandLine(text), StreamError));
}

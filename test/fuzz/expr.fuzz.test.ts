/** Programs in the Expr language: whatever stands in them, there is a value or an error of the program, and soon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { parseUsbStream } from '../../server/src/formats/alsa/discovery.ts';
import { BUILTINS } from '../../server/src/formats/expr/builtins.ts';
import { evaluate } from '../../server/src/formats/expr/evaluate.ts';
import { toText } from '../../server/src/formats/expr/value.ts';
import { parseFfmpegFormats, parseV4l2Ctl } from '../../server/src/formats/v4l2/list.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 4000;
const LONGEST_MS = 8000;
/** Words of the language, to be put anywhere. */
const WORDS = [
  ...[
    'let x = ',
    ';',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '#',
    '.a',
    '?.',
    '??',
    '|',
    'not ',
    ' in ',
    '..',
    '1e9',
    '-',
  ],
  ...[
    'map(',
    'reduce(',
    '#acc',
    'nil',
    '"',
    "'",
    '`',
    '\\',
    '1..99999',
    'repeat("x", 99999)',
    '__proto__',
    '$env',
  ],
];

test('programs', async () => {
  const corpus = readCorpus('expr');
  const random = createRandom(20260901);
  let values = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let program = mutate(corpus[random(corpus.length)]!, random).toString();
    if (random(2)) {
      const at = random(program.length + 1);
      program = program.slice(0, at) + WORDS[random(WORDS.length)]! + program.slice(at);
    }
    const started = performance.now();
    try {
      toText(await evaluate(program, BUILTINS, new AbortController().signal));
      values++;
    } catch (error) {
      const isOurs = error instanceof StreamError && error.code === 'invalid_source';
      assert.ok(isOurs && error.message.length < 5000, `${String((error as Error).stack)}\n${program}`);
    }
    assert.ok(performance.now() - started < LONGEST_MS, program);
  }
  assert.ok(values > ROUNDS / 50, `${values} programs had a value`);
});

test('what the tools of devices print', () => {
  const corpus = readCorpus('devices');
  const random = createRandom(20260902);
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(corpus[random(corpus.length)]!, random).toString();
    for (const { inputFormat, sizes } of [...parseV4l2Ctl(text), ...parseFfmpegFormats(text)]) {
      assert.match(inputFormat, /^\w+$/);
      for (const { size, rates } of sizes) {
        assert.match(size, /^\d+x\d+$/);
        assert.ok(rates.every((rate) => rate >= 0));
      }
    }
    assert.ok(parseUsbStream(text, random(2) === 0).length < 5000);
  }
});

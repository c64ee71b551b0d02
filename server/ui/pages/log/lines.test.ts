import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addLines, createFilter, EMPTY_BOOK, lineText } from './lines.ts';

const line = (time: number, message: string, more: object = {}) =>
  JSON.stringify({ level: 'info', time, message, ...more });
const answer = (...lines: readonly string[]) => lines.map((text) => `${text}\n`).join('');
const ALL = { level: 'trace', module: '', text: '' } as const;

describe('lines of the log', () => {
  test('are read with level, module and fields', () => {
    const { lines } = addLines(
      EMPTY_BOOK,
      answer(line(5, '[rtsp] camera is lost', { level: 'warn', stream: 'front door', tries: 3 })),
    );
    const { level, module, message, fields } = lines[0]!;
    assert.deepEqual(
      [level, module, message, fields],
      ['warn', 'rtsp', 'camera is lost', 'stream="front door" tries=3'],
    );
    assert.equal(lineText(lines[0]!), '[rtsp] camera is lost stream="front door" tries=3');
  });

  test('come once, also those of the millisecond that was asked for again', () => {
    const first = addLines(EMPTY_BOOK, answer(line(1, 'a'), line(2, 'b'), line(2, 'b')));
    assert.equal(first.since, 2);
    const again = addLines(
      first,
      answer(line(2, 'b'), line(2, 'b'), line(2, 'b'), line(2, 'c'), line(3, 'd')),
    );
    assert.deepEqual(
      again.lines.map(({ message }) => message),
      ['a', 'b', 'b', 'b', 'c', 'd'],
    );
    assert.equal(again.count, 6);
    assert.equal(addLines(again, answer(line(3, 'd'))), again);
  });

  test('are forgotten when there are too many, but counted', () => {
    const many = addLines(EMPTY_BOOK, answer(...Array.from({ length: 30 }, (_, n) => line(n, `${n}`))), 10);
    assert.deepEqual([many.lines.length, many.lines[0]!.message, many.count], [10, '20', 30]);
    assert.equal(many.lines[0]!.number, 21);
  });

  test('that are none are skipped', () => {
    const { lines } = addLines(EMPTY_BOOK, answer('{', '7', 'null', '{"time":"x"}', line(1, 'good'), ''));
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['good'],
    );
  });

  test('are filtered by level, module and words', () => {
    const { lines } = addLines(
      EMPTY_BOOK,
      answer(
        line(1, '[rtsp] opened', { level: 'debug', stream: 'door' }),
        line(2, '[rtsp] lost', { level: 'error', stream: 'door' }),
        line(3, '[api] listen', { addr: ':1984' }),
      ),
    );
    const shown = (filter: object) =>
      lines.filter(createFilter({ ...ALL, ...filter })).map(({ message }) => message);
    assert.deepEqual(shown({}), ['opened', 'lost', 'listen']);
    assert.deepEqual(shown({ level: 'info' }), ['lost', 'listen']);
    assert.deepEqual(shown({ module: 'rtsp' }), ['opened', 'lost']);
    assert.deepEqual(shown({ text: 'DOOR  lost' }), ['lost']);
    assert.deepEqual(shown({ text: '[api]' }), ['listen']);
  });
});

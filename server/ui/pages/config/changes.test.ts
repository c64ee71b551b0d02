import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConflict, problemRange, readCheck, touchesNothing } from './changes.ts';

const DOCUMENT = 'streams:\n  door: rtsp://x\nrtsp:\n  listen: 12:34\n';
const marked = (line: number, column: number, document = DOCUMENT) => {
  const { from, to } = problemRange(document, { line, column, path: '', message: '' });
  return document.slice(from, to);
};

test('a problem marks the word at its place', () => {
  assert.equal(marked(2, 3), 'door');
  assert.equal(marked(4, 3), 'listen');
});

test('a problem without a column marks its line, one past the end the last line', () => {
  assert.equal(marked(2, 0), 'door: rtsp://x');
  assert.equal(marked(99, 99), '');
  assert.equal(marked(2, 999), '');
  assert.equal(marked(0, 0), 'streams:');
  assert.equal(marked(1, 1, ''), '');
});

test('an answer may lack members', () => {
  const check = readCheck({ problems: [{ message: 'odd' }], streams: { added: ['door'] } });
  assert.deepEqual(check.problems, [{ line: 0, column: 0, path: '', message: 'odd' }]);
  assert.deepEqual(check.streams, { added: ['door'], changed: [], removed: [] });
  assert.equal(touchesNothing(check), false);
  assert.equal(touchesNothing(readCheck(null)), true);
});

test('another edit meanwhile is a conflict, the same one is none', () => {
  assert.equal(isConflict('a', 'a', 'b'), false);
  assert.equal(isConflict('a', 'c', 'b'), true);
  assert.equal(isConflict('a', 'b', 'b'), false);
});

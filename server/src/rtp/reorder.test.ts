import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReorderBuffer, sequenceDistance } from './reorder.ts';

/** Feeds sequence numbers, 5 ms apart; returns what comes out: numbers, and `x` for a loss. */
function run(sequences: readonly number[], stepMs = 5): (number | 'x')[] {
  const out: (number | 'x')[] = [];
  const buffer = new ReorderBuffer({
    deliver: (bytes, start) => out.push(bytes.readUInt16BE(start + 2)),
    lost: () => out.push('x'),
  });
  const lent = Buffer.alloc(14, 0x80);
  for (const [index, sequence] of sequences.entries()) {
    lent.writeUInt16BE(sequence, 2);
    buffer.push(lent, 0, lent.length, index * stepMs);
  }
  return out;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => (from + i) & 0xffff);

const CASES: readonly { name: string; input: number[]; output: (number | 'x')[] }[] = [
  { name: 'packets in order', input: range(65530, 65546), output: range(65530, 65546) },
  { name: 'two that changed places', input: [1, 3, 2, 4], output: [1, 2, 3, 4] },
  { name: 'a late one before the wrap', input: [65534, 0, 1, 65535, 2], output: [65534, 65535, 0, 1, 2] },
  { name: 'repeated packets', input: [1, 1, 2, 4, 4, 3, 3], output: [1, 2, 3, 4] },
  {
    name: 'a lost packet: waited for 150 ms',
    input: [1, ...range(3, 60)],
    output: [1, 'x', ...range(3, 60)],
  },
  { name: 'a sender that begins anew', input: [1, 2, 40000, 40001], output: [1, 2, 'x', 40000, 40001] },
];

for (const { name, input, output } of CASES) test(name, () => assert.deepEqual(run(input), output));

test('two losses are told one after the other', () => {
  const output = run([1, ...range(3, 40), ...range(41, 80)]);
  assert.deepEqual(output.filter((item) => item === 'x').length, 2);
  assert.deepEqual(
    output.filter((item) => item !== 'x'),
    [1, ...range(3, 40), ...range(41, 80)],
  );
});

test('many packets at once are held up to a limit', () => {
  assert.deepEqual(run([1, ...range(3, 80)], 0), [1, 'x', ...range(3, 80)]);
});

test('distance of sequence numbers', () => {
  assert.equal(sequenceDistance(65535, 0), 1);
  assert.equal(sequenceDistance(0, 65535), -1);
  assert.equal(sequenceDistance(5, 5), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestColumns } from './grid.ts';

test('whole rows, and as square as can be', () => {
  const columns = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12].map((count) => `${count}:${bestColumns(count)}`).join(' ');
  assert.equal(columns, '1:1 2:2 3:3 4:2 5:2 6:2 7:2 8:2 9:3 12:3');
});

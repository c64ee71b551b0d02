import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endsPart, endsSegment, planSegments } from './cutting.ts';

describe('the target duration', () => {
  for (const [gopSeconds, pendingSeconds, targetSeconds] of [
    [0, 0, 2],
    [0, 3.2, 4],
    [1, 0, 1],
    [0.5, 0, 1],
    [0.8, 0, 2],
    [2, 1, 2],
    [2.02, 0, 2],
    [4, 0, 4],
    [10, 0, 10],
    [2, 5, 6],
    [60, 0, 6],
  ] as const) {
    test(`groups of ${gopSeconds} s, the present one ${pendingSeconds} s old`, () => {
      assert.equal(planSegments(gopSeconds, pendingSeconds, 0.04).targetSeconds, targetSeconds);
    });
  }
});

test('parts are filled to between 85 % and 100 % of the part target, at any frame rate', () => {
  for (const fps of [1, 2, 3, 5, 7, 10, 12.5, 15, 20, 23.976, 24, 25, 29.97, 30, 50, 60, 120]) {
    const frame = 1 / fps;
    const plan = planSegments(2, 0, frame);
    let [seconds, chunks] = [0, 0];
    while (!endsPart({ seconds, chunks }, plan, frame)) {
      chunks++;
      seconds = chunks * frame;
    }
    assert.ok(seconds <= plan.partSeconds, `${fps}: ${seconds} > ${plan.partSeconds}`);
    assert.ok(seconds >= 0.85 * plan.partSeconds, `${fps}: ${seconds} of ${plan.partSeconds}`);
  }
});

describe('segments end', () => {
  const plan = { targetSeconds: 2, partSeconds: 0.3 };
  const filling = { seconds: 1, bytes: 1000, chunks: 25, independent: true };
  const ends = (fields: Partial<typeof filling>, key: boolean): boolean =>
    endsSegment({ ...filling, ...fields }, plan, key, 0.04);
  test('at key frames', () => {
    assert.ok(ends({}, true));
    assert.ok(!ends({}, false));
  });
  test('not at key frames that follow soon, unless the segment cannot be begun with', () => {
    assert.ok(!ends({ seconds: 0.5 }, true));
    assert.ok(ends({ seconds: 0.5, independent: false }, true));
  });
  test('anywhere before they would round to more than the target duration, or hold too much', () => {
    assert.ok(!ends({ seconds: 2.4 }, false));
    assert.ok(ends({ seconds: 2.44 }, false));
    assert.ok(ends({ bytes: 17 << 20 }, false));
    assert.ok(ends({ chunks: 5000 }, false));
    assert.ok(!ends({ chunks: 0, bytes: 17 << 20 }, true));
  });
});

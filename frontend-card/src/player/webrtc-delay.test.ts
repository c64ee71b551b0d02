import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDelay } from './webrtc-delay.ts';

const report = (framesDecoded: number, totalProcessingDelay: number, currentRoundTripTime = 0.02) =>
  new Map<string, Record<string, unknown>>([
    ['a', { type: 'inbound-rtp', kind: 'audio', framesDecoded: 0, totalProcessingDelay: 99 }],
    ['v', { type: 'inbound-rtp', kind: 'video', framesDecoded, totalProcessingDelay }],
    ['p', { type: 'candidate-pair', nominated: true, currentRoundTripTime }],
  ]);

test('the delay is that of the frames since the last report, and half a round trip', () => {
  const delay = createDelay();
  assert.equal(delay(report(10, 2))?.toFixed(3), '0.210');
  assert.equal(delay(report(20, 3))?.toFixed(3), '0.110');
  assert.equal(delay(report(20, 3)), undefined);
});

test('nothing is known without frames', () => {
  assert.equal(createDelay()(new Map()), undefined);
});

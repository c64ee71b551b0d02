import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/helpers/wait.ts';
import { wsPair } from '../../../test/helpers/ws-pair.ts';
import { frameHeaderBytes, sendBinary } from './ws-frame.ts';

const SIZES: readonly (readonly [payload: number, header: number])[] = [
  [0, 2],
  [125, 2],
  [126, 4],
  [65535, 4],
  [65536, 10],
  [3_000_000, 10],
];

test('frames of every length arrive whole, in order with those of the package', async () => {
  const pair = await wsPair();
  try {
    for (const [index, [payload, header]] of SIZES.entries()) {
      assert.equal(frameHeaderBytes(payload), header);
      const bytes = Buffer.alloc(payload, index + 1);
      const middle = payload >> 1;
      sendBinary(pair.connection, [bytes.subarray(0, middle), bytes.subarray(middle)]);
      pair.connection.websocket.send(JSON.stringify({ type: String(index) }));
    }
    await pair.received(SIZES.length);
    assert.deepEqual(
      pair.binaries.map(({ length }) => length),
      SIZES.map(([payload]) => payload),
    );
    for (const [index, bytes] of pair.binaries.entries())
      assert.ok(bytes.every((byte) => byte === index + 1));
    await until('all texts', () => pair.texts.length === SIZES.length);
  } finally {
    await pair.close();
  }
});

test('nothing is written to a WebSocket that is closing', async () => {
  const pair = await wsPair();
  pair.connection.websocket.close();
  sendBinary(pair.connection, [Buffer.alloc(10)]);
  await new Promise((resolve) => pair.client.once('close', resolve));
  assert.equal(pair.binaries.length, 0);
  sendBinary(pair.connection, [Buffer.alloc(10)]);
  await pair.close();
});

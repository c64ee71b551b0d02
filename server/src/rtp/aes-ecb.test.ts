import assert from 'node:assert/strict';
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBlockCipher } from './aes-ecb.ts';

test('encrypts as node:crypto does, call after call, into longer memory too', () => {
  for (let round = 0; round < 50; round++) {
    const key = randomBytes(16);
    const cipher = createBlockCipher(createSecretKey(key));
    const theirs = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    for (const blocks of [1, 2, 75, 4096, 0]) {
      const input = randomBytes(blocks * 16);
      const output = Buffer.alloc(blocks * 16 + 5, 7);
      cipher.encrypt(input, output);
      assert.deepEqual(output.subarray(0, blocks * 16), theirs.update(input));
      assert.deepEqual(output.subarray(blocks * 16), Buffer.alloc(5, 7));
    }
  }
});

test('refuses what is no whole block, and memory that is too short', () => {
  const cipher = createBlockCipher(createSecretKey(Buffer.alloc(16)));
  assert.throws(() => cipher.encrypt(Buffer.alloc(17), Buffer.alloc(32)), RangeError);
  assert.throws(() => cipher.encrypt(Buffer.alloc(32), Buffer.alloc(31)), RangeError);
});

test('lives as long as somebody has it, while others come and go', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const key = createSecretKey(randomBytes(16));
  const kept = Array.from({ length: 20 }, () => createBlockCipher(key));
  const [input, expected, output] = [randomBytes(64), Buffer.alloc(64), Buffer.alloc(64)];
  kept[0]!.encrypt(input, expected);
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 2000; count++) createBlockCipher(key).encrypt(input, output);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const cipher of kept) {
      output.fill(0);
      cipher.encrypt(input, output);
      assert.deepEqual(output, expected);
    }
  }
});

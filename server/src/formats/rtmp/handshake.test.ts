import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { answerC1, answerS1, createC1, HANDSHAKE_BYTES } from './handshake.ts';

/** Told from the description, not from the code under test. */
const SECRET = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';
const FLASH = Buffer.from('Genuine Adobe Flash Player 001');
const MEDIA_SERVER = Buffer.from('Genuine Adobe Flash Media Server 001');

const hmac = (key: Buffer, ...parts: readonly Buffer[]): Buffer =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest();

function digestAt(bytes: Buffer, scheme: 0 | 1): number {
  const from = scheme === 0 ? 8 : 772;
  return ([0, 1, 2, 3].reduce((sum, n) => sum + bytes[from + n]!, 0) % 728) + from + 4;
}

function digestOf(bytes: Buffer, at: number, key: Buffer): Buffer {
  return hmac(key, bytes.subarray(0, at), bytes.subarray(at + 32));
}

function signed(scheme: 0 | 1, key: Buffer): Buffer {
  const bytes = randomBytes(HANDSHAKE_BYTES);
  bytes.writeUInt32BE(0x09007c02, 4);
  const at = digestAt(bytes, scheme);
  digestOf(bytes, at, key).copy(bytes, at);
  return bytes;
}

describe('handshake', () => {
  for (const scheme of [0, 1] as const) {
    test(`server: a client of scheme ${scheme} is answered in its scheme`, () => {
      const c1 = signed(scheme, FLASH);
      const { s1, s2 } = answerC1(c1);
      const at = digestAt(s1, scheme);
      assert.deepEqual(digestOf(s1, at, MEDIA_SERVER), s1.subarray(at, at + 32));
      const digest = c1.subarray(digestAt(c1, scheme)).subarray(0, 32);
      const key = hmac(Buffer.concat([MEDIA_SERVER, Buffer.from(SECRET, 'hex')]), digest);
      assert.deepEqual(hmac(key, s2.subarray(0, 1504)), s2.subarray(1504));
    });

    test(`client: a server of scheme ${scheme} is answered with a digest`, () => {
      const s1 = signed(scheme, MEDIA_SERVER);
      const c2 = answerS1(s1);
      const digest = s1.subarray(digestAt(s1, scheme)).subarray(0, 32);
      const key = hmac(Buffer.concat([FLASH, Buffer.from(SECRET, 'hex')]), digest);
      assert.deepEqual(hmac(key, c2.subarray(0, 1504)), c2.subarray(1504));
    });
  }

  test('a simple client and a simple server get their bytes back', () => {
    const c1 = randomBytes(HANDSHAKE_BYTES);
    c1.fill(0, 4, 8);
    const { s1, s2 } = answerC1(c1);
    assert.deepEqual(s2, c1);
    assert.equal(s1.readUInt32BE(4), 0);
    assert.deepEqual(answerS1(s1), s1);
  });

  test('a version without a digest is answered in the simple way', () => {
    const c1 = randomBytes(HANDSHAKE_BYTES);
    c1.writeUInt32BE(0x80000702, 4);
    assert.deepEqual(answerC1(c1).s2, c1);
  });

  test('our own client carries the digest that servers look for', () => {
    const c1 = createC1();
    const at = digestAt(c1, 0);
    assert.deepEqual(digestOf(c1, at, FLASH), c1.subarray(at, at + 32));
  });
});

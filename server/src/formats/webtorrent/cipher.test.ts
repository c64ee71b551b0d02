import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { createOfferId, decryptDescription, encryptDescription, infoHash, isTimely } from './cipher.ts';

const SHARE = { name: 'front-door', password: 'word' };
const OFFER_ID = createOfferId(1_700_000_000_000);

test('what was encrypted comes out again, for the same share, password and offer alone', () => {
  const text = encryptDescription(SHARE, OFFER_ID, 'v=0\r\n…');
  assert.equal(decryptDescription(SHARE, OFFER_ID, text), 'v=0\r\n…');
  const refused = (error: unknown): boolean => error instanceof StreamError && error.code === 'unauthorized';
  assert.throws(() => decryptDescription({ ...SHARE, password: 'worm' }, OFFER_ID, text), refused);
  assert.throws(() => decryptDescription({ ...SHARE, name: 'back-door' }, OFFER_ID, text), refused);
  assert.throws(() => decryptDescription(SHARE, createOfferId(1_700_000_000_001), text), refused);
  assert.throws(() => decryptDescription(SHARE, OFFER_ID, `A${text.slice(1)}`), refused);
  for (const nothing of ['', 'AAAA', '!'.repeat(100)])
    assert.throws(() => decryptDescription(SHARE, OFFER_ID, nothing), StreamError);
});

// Made by hand with Python: hashlib, and AESGCM of cryptography.
test('as others make it', () => {
  assert.equal(OFFER_ID, 'cwyvpelgpse8');
  assert.equal(infoHash('front-door'), 'KTmtbKUqmTqbJRHT4Eu5voXnHc5PZcY5wzwxnb01s5E=');
  assert.equal(encryptDescription(SHARE, OFFER_ID, 'v=0'), '9G9duk2La6kF64ABTWeotVC9FA==');
});

test('an offer that is not of about now is refused', () => {
  const now = 1_700_000_000_000;
  assert.ok(isTimely(OFFER_ID, now));
  assert.ok(isTimely(OFFER_ID, now + 11 * 3600_000));
  assert.ok(!isTimely(OFFER_ID, now + 13 * 3600_000));
  assert.ok(!isTimely(OFFER_ID, now - 13 * 3600_000));
  for (const id of ['', '-1', 'zzzzzzzzzzzzzzzz', '<script>']) assert.ok(!isTimely(id, now), id);
});

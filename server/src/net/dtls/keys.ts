/**
 * Keys of a connection (RFC 5246 §5, §6.3, §8.1; RFC 7627; RFC 5705), all from PRF with SHA-256.
 *
 *   ECDH secret ─▶ master secret ─┬▶ key block: client key, server key, client IV, server IV
 *                                 ├▶ verify_data of the two Finished messages
 *                                 └▶ exported keys: SRTP
 */
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { CipherState } from './record.ts';

const MASTER_SECRET_BYTES = 48;
const KEY_BYTES = 16;
const IV_BYTES = 4;
const VERIFY_DATA_BYTES = 12;

export interface Randoms {
  readonly client: Buffer;
  readonly server: Buffer;
}

/** P_SHA256 of RFC 5246 §5. */
function prf(secret: KeyObject, label: string, seed: Buffer, bytes: number): Buffer {
  const start = Buffer.concat([Buffer.from(label), seed]);
  const blocks: Buffer[] = [];
  let a = start;
  for (let length = 0; length < bytes; length += 32) {
    a = createHmac('sha256', secret).update(a).digest();
    blocks.push(createHmac('sha256', secret).update(a).update(start).digest());
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

/** `transcript`: the messages up to ClientKeyExchange, for the extended master secret; undefined when the peer has none. */
export function masterSecret(shared: Buffer, randoms: Randoms, transcript: Buffer | undefined): KeyObject {
  const secret = createSecretKey(shared);
  return createSecretKey(
    transcript
      ? prf(secret, 'extended master secret', sha256(transcript), MASTER_SECRET_BYTES)
      : prf(secret, 'master secret', Buffer.concat([randoms.client, randoms.server]), MASTER_SECRET_BYTES),
  );
}

/** What protects the records of each side. */
export function cipherStates(
  master: KeyObject,
  randoms: Randoms,
): { client: CipherState; server: CipherState } {
  const seed = Buffer.concat([randoms.server, randoms.client]);
  const block = prf(master, 'key expansion', seed, 2 * (KEY_BYTES + IV_BYTES));
  const key = (side: number): KeyObject =>
    createSecretKey(block.subarray(side * KEY_BYTES, (side + 1) * KEY_BYTES));
  const iv = (side: number): Buffer =>
    block.subarray(2 * KEY_BYTES + side * IV_BYTES, 2 * KEY_BYTES + (side + 1) * IV_BYTES);
  return { client: { key: key(0), iv: iv(0) }, server: { key: key(1), iv: iv(1) } };
}

/** What the Finished message of a side says after these messages. */
export function verifyData(master: KeyObject, side: 'client' | 'server', transcript: Buffer): Buffer {
  return prf(master, `${side} finished`, sha256(transcript), VERIFY_DATA_BYTES);
}

/** Keys for others (RFC 5705), without context. */
export function exportKeys(master: KeyObject, randoms: Randoms, label: string, bytes: number): Buffer {
  return prf(master, label, Buffer.concat([randoms.client, randoms.server]), bytes);
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/**
 * The RTMP handshake: simple as the specification has it, and with digests as Flash has it.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §5.2. The digests are observed: Flash Player, FFmpeg and
 * most servers agree on them.
 *
 *   C0 S0   version:8 (3)
 *   C1 S1   time:32  zero:32 (with digests: a version)  random[1528]
 *   C2 S2   simple: the other side's 1 back.  With digests: random[1504] HMAC[32] of them
 *
 *   digest of 1: HMAC-SHA256 over the other 1504 bytes, standing at a place that four bytes tell:
 *   scheme 0   at (sum of bytes 8 to 11) mod 728 + 12      scheme 1   at (sum of bytes 772 to 775) mod 728 + 776
 */
import { createHmac, randomBytes } from 'node:crypto';

export const VERSION = 3;
export const HANDSHAKE_BYTES = 1536;

const DIGEST_BYTES = 32;
const PLACES = 728;
const SCHEMES = [8, 772] as const;
const FLASH_VERSION = 0x80000702;
const SERVER_VERSION = 0x04000001;
const SECRET = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const CLIENT_TEXT = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER_TEXT = Buffer.from('Genuine Adobe Flash Media Server 001');

interface Side {
  /** Key of the digest in its 1. */
  readonly text: Buffer;
  /** Key of the digest in its 2. */
  readonly full: Buffer;
}
const CLIENT: Side = { text: CLIENT_TEXT, full: Buffer.concat([CLIENT_TEXT, SECRET]) };
const SERVER: Side = { text: SERVER_TEXT, full: Buffer.concat([SERVER_TEXT, SECRET]) };

/** A client's C1, with a digest that simple servers take for random bytes. */
export function createC1(): Buffer {
  return createWithDigest(FLASH_VERSION, 0, CLIENT);
}

/** C2 for this S1. */
export function answerS1(s1: Buffer): Buffer {
  const found = findDigest(s1, SERVER);
  return found ? createAnswer(found.digest, CLIENT) : Buffer.from(s1);
}

/** S1 and S2 for this C1: with digests if it has one, else simple. */
export function answerC1(c1: Buffer): { s1: Buffer; s2: Buffer } {
  const found = findDigest(c1, CLIENT);
  if (found)
    return {
      s1: createWithDigest(SERVER_VERSION, found.scheme, SERVER),
      s2: createAnswer(found.digest, SERVER),
    };
  const s1 = randomBytes(HANDSHAKE_BYTES);
  s1.fill(0, 0, 8);
  return { s1, s2: Buffer.from(c1) };
}

function createWithDigest(version: number, scheme: 0 | 1, side: Side): Buffer {
  const bytes = randomBytes(HANDSHAKE_BYTES);
  bytes.writeUInt32BE(0, 0);
  bytes.writeUInt32BE(version, 4);
  const at = digestPlace(bytes, SCHEMES[scheme]);
  digestOf(bytes, at, side).copy(bytes, at);
  return bytes;
}

function createAnswer(digest: Buffer, side: Side): Buffer {
  const bytes = randomBytes(HANDSHAKE_BYTES);
  const body = bytes.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES);
  hmac(body, hmac(digest, side.full)).copy(bytes, body.length);
  return bytes;
}

function findDigest(bytes: Buffer, side: Side): { scheme: 0 | 1; digest: Buffer } | undefined {
  if (bytes.readUInt32BE(4) === 0) return undefined;
  for (const scheme of [0, 1] as const) {
    const at = digestPlace(bytes, SCHEMES[scheme]);
    const digest = bytes.subarray(at, at + DIGEST_BYTES);
    if (digestOf(bytes, at, side).equals(digest)) return { scheme, digest };
  }
  return undefined;
}

function digestPlace(bytes: Buffer, from: number): number {
  const sum = bytes[from]! + bytes[from + 1]! + bytes[from + 2]! + bytes[from + 3]!;
  return (sum % PLACES) + from + 4;
}

function digestOf(bytes: Buffer, at: number, { text }: Side): Buffer {
  return createHmac('sha256', text)
    .update(bytes.subarray(0, at))
    .update(bytes.subarray(at + DIGEST_BYTES))
    .digest();
}

const hmac = (data: Buffer, key: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

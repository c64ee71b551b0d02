/**
 * How descriptions of a share are hidden from the tracker that carries them (go2rtc's; observed).
 *
 *   key   SHA-256(offer_id ":" password)              AES-256-GCM
 *   iv    the first 12 bytes of SHA-256(share ":" offer_id)
 *   aad   offer_id, which is a time: ns since 1970 in base 36
 *
 * Offer and answer have the same key and iv: that is the wire format, and as weak as it sounds against who knows one of
 * them. What it protects, ICE and DTLS protect again: without the password nobody has the fingerprints.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { StreamError } from '../../core/errors.ts';

export interface Share {
  readonly name: string;
  readonly password: string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Clocks with a wrong time zone are right enough; what is older was recorded and comes again. */
export const MAX_AGE_MS = 12 * 3600_000;
const MAX_BYTES = 256 << 10;
const OFFER_ID = /^[0-9a-z]{1,13}$/;

/** The number that trackers know a share by. */
export const infoHash = (share: string): string => hash('sha256', share, 'base64');

/** A new offer id: now. */
export const createOfferId = (nowMs = Date.now()): string => (BigInt(nowMs) * 1_000_000n).toString(36);

/** Whether an offer id is of about now. */
export function isTimely(offerId: string, nowMs = Date.now()): boolean {
  return OFFER_ID.test(offerId) && Math.abs(Number.parseInt(offerId, 36) / 1e6 - nowMs) <= MAX_AGE_MS;
}

/** A description for who knows the password, in Base64. */
export function encryptDescription(share: Share, offerId: string, sdp: string): string {
  const { key, iv } = secretsOf(share, offerId);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(offerId));
  const bytes = Buffer.concat([cipher.update(sdp, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return bytes.toString('base64');
}

/** The description again. Throws StreamError `unauthorized` when it was made with another password, or is none. */
export function decryptDescription(share: Share, offerId: string, text: string): string {
  const bytes = text.length > 2 * MAX_BYTES ? Buffer.alloc(0) : Buffer.from(text, 'base64');
  if (bytes.length <= TAG_BYTES || bytes.length > MAX_BYTES)
    throw new StreamError('protocol', 'webtorrent: no description');
  const { key, iv } = secretsOf(share, offerId);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(offerId)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString();
  } catch (error) {
    throw new StreamError('unauthorized', 'webtorrent: another password', error);
  }
}

function secretsOf({ name, password }: Share, offerId: string): { key: Buffer; iv: Buffer } {
  return {
    key: hash('sha256', `${offerId}:${password}`, 'buffer'),
    iv: hash('sha256', `${name}:${offerId}`, 'buffer').subarray(0, IV_BYTES),
  };
}

/**
 * WS-Security UsernameToken with a digest (OASIS WSS UsernameToken Profile 1.1 §3.1; ONVIF Core §5.9.4).
 *
 *   <wsse:Security><wsse:UsernameToken>
 *     <wsse:Username>admin</wsse:Username>
 *     <wsse:Password Type="…#PasswordDigest">Base64(SHA-1(nonce + created + password))</wsse:Password>
 *     <wsse:Nonce EncodingType="…#Base64Binary">…</wsse:Nonce>
 *     <wsu:Created>2026-01-31T12:00:00.000Z</wsu:Created>          on the clock of the side that checks it
 *   </wsse:UsernameToken></wsse:Security>
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Credentials } from '../../net/digest.ts';
import { find, type Markup, textAt, type XmlElement, xml } from './xml.ts';

const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const DIGEST_TYPE = `${WSS}-username-token-profile-1.0#PasswordDigest`;
const BASE64_TYPE = `${WSS}-soap-message-security-1.0#Base64Binary`;

/** A token is good for this long before and after it was made. */
const WINDOW_MS = 5 * 60_000;
const MAXIMUM_REMEMBERED = 10_000;

function passwordDigest(nonce: Buffer, created: string, password: string): Buffer {
  return createHash('sha1').update(nonce).update(created).update(password).digest();
}

/** The header of a request; `time` is ms since 1970 on the camera's clock. */
export function writeUsernameToken({ username, password }: Credentials, time: number): Markup {
  const nonce = randomBytes(16);
  const created = new Date(time).toISOString();
  const digest = passwordDigest(nonce, created, password).toString('base64');
  return xml`<wsse:Security s:mustUnderstand="1" xmlns:wsse="${WSS}-wssecurity-secext-1.0.xsd" xmlns:wsu="${WSS}-wssecurity-utility-1.0.xsd"><wsse:UsernameToken><wsse:Username>${username}</wsse:Username><wsse:Password Type="${DIGEST_TYPE}">${digest}</wsse:Password><wsse:Nonce EncodingType="${BASE64_TYPE}">${nonce.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`;
}

/** Whether the header of a request has a token; and one that is right, of now, and not seen before. */
export type TokenVerdict = 'ok' | 'missing' | 'wrong';

/** Checks tokens against one user. It remembers those that it let in, for as long as they would be good again. */
export function createTokenCheck({ username, password }: Credentials, now: () => number = Date.now) {
  /** Digests and when they lose their worth, in the order they came. */
  const seen = new Map<string, number>();

  const isReplay = (digest: string): boolean => {
    for (const [earlier, until] of seen) {
      if (until > now() && seen.size < MAXIMUM_REMEMBERED) break;
      seen.delete(earlier);
    }
    if (seen.has(digest)) return true;
    // A token from the future is good until that future has passed.
    seen.set(digest, now() + 2 * WINDOW_MS);
    return false;
  };

  return (header: XmlElement | undefined): TokenVerdict => {
    const token = find(header, 'Security', 'UsernameToken');
    if (!token) return 'missing';
    const created = textAt(token, 'Created');
    const nonce = Buffer.from(textAt(token, 'Nonce'), 'base64');
    const given = Buffer.from(textAt(token, 'Password'), 'base64');
    const type = find(token, 'Password')?.attributes.get('Type') ?? '';
    const expected = passwordDigest(nonce, created, password);
    const isRight =
      type.endsWith('#PasswordDigest') &&
      nonce.length > 0 &&
      sameText(textAt(token, 'Username'), username) &&
      given.length === expected.length &&
      timingSafeEqual(given, expected);
    const age = Math.abs(now() - parseUtc(created));
    // Not `age > WINDOW_MS`: the age of what is no time is NaN.
    if (!isRight || !(age <= WINDOW_MS)) return 'wrong';
    return isReplay(expected.toString('base64')) ? 'wrong' : 'ok';
  };
}

/** A time without a zone is UTC: `Created` is a UTC time by the profile. */
function parseUtc(text: string): number {
  return Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
}

/** Takes the same time wherever the texts differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * Adobe's authentication of publishers, both sides. Observed: FFmpeg, OBS and Adobe's servers agree on it.
 *
 *   → connect app
 *   ← _error "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
 *   → connect app?authmod=adobe&user=U                                                   (a new connection each)
 *   ← _error "… authmod=adobe ] : ?reason=needauth&user=U&salt=S&challenge=C&opaque=O"
 *   → connect app?authmod=adobe&user=U&challenge=X&response=R&opaque=O
 *
 *   R = base64(MD5(base64(MD5(U S password)) O X))        without opaque, C in its place
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { StreamError } from '../../core/errors.ts';
import type { Credentials } from '../../net/digest.ts';

const MAX_CHALLENGES = 256;

/** The query for the next connection after this refusal. Throws StreamError `unauthorized` when there is no next. */
export function answerRefusal(description: string, { username, password }: Credentials): string {
  const user = encodeURIComponent(username);
  if (!/authmod=adobe/.test(description)) throw new StreamError('unauthorized', `refused: ${description}`);
  if (/code=403 need auth/.test(description)) return `?authmod=adobe&user=${user}`;
  const query = parseQuery(description.slice(description.indexOf('?') + 1));
  if (query.reason !== 'needauth') throw new StreamError('unauthorized', 'wrong user or password');
  const { salt = '', challenge = '', opaque } = query;
  const own = randomBytes(4).toString('hex');
  const response = responseOf({ username, password }, salt, opaque ?? challenge, own);
  const tail = opaque === undefined ? '' : `&opaque=${opaque}`;
  return `?authmod=adobe&user=${user}&challenge=${own}&response=${response}${tail}`;
}

function responseOf(
  { username, password }: Credentials,
  salt: string,
  challenge: string,
  own: string,
): string {
  const salted = hash('md5', username + salt + password, 'base64');
  return hash('md5', salted + challenge + own, 'base64');
}

/** Values stand as they are: base64 has `+` and `=` in it. */
function parseQuery(text: string): Partial<Record<string, string>> {
  const pairs = text.split('&').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

/** The server's side: `ok`, or the description of the refusal. */
export interface PublisherAuth {
  verify(query: string): { readonly ok: true } | { readonly ok: false; readonly description: string };
}

/** For these users, of different names. Challenges are good for one use. */
export function createPublisherAuth(users: readonly Credentials[]): PublisherAuth {
  const challenges = new Map<string, string>();
  const refuse = (description: string) => ({ ok: false, description }) as const;
  return {
    verify(text) {
      const { authmod, user, challenge: own, response, opaque } = parseQuery(text);
      if (authmod !== 'adobe')
        return refuse('[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ');
      const known = opaque === undefined ? undefined : challenges.get(opaque);
      if (!own || !response || known === undefined) {
        const salt = randomBytes(6).toString('hex');
        const next = randomBytes(6).toString('hex');
        challenges.set(next, salt);
        if (challenges.size > MAX_CHALLENGES) challenges.delete(challenges.keys().next().value!);
        return refuse(
          `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=${user ?? ''}&salt=${salt}&challenge=${next}&opaque=${next}`,
        );
      }
      challenges.delete(opaque!);
      const credentials = users.find(({ username }) => username === decode(user));
      if (credentials && equals(response, responseOf(credentials, known, opaque!, own))) return { ok: true };
      return refuse('[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed');
    },
  };
}

/** Compares without telling by its time how much is right. */
export function equals(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hash('sha256', a, 'hex')), Buffer.from(hash('sha256', b, 'hex')));
}

function decode(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

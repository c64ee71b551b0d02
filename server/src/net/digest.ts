/**
 * HTTP authentication as HTTP and RTSP use it: Basic (RFC 7617) and Digest (RFC 7616; RFC 2617 and 2069 for old cameras).
 *
 *   ← WWW-Authenticate: Digest realm="IP Camera", nonce="3a5f…", qop="auth", algorithm=SHA-256
 *   → Authorization: Digest username="u", realm="IP Camera", nonce="3a5f…", uri="rtsp://camera/1",
 *                    algorithm=SHA-256, qop=auth, nc=00000001, cnonce="9b1c…", response="…"
 *
 *   response = H(H(user:realm:password) : nonce [: nc : cnonce : qop] : H(method:uri))
 *
 * Quoted values are hashed and echoed as they stand between the quotes: that is what cameras do.
 */
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The client's side of one connection. */
export interface ClientAuth {
  /** Takes the WWW-Authenticate values of a 401 and keeps the strongest challenge. */
  challenge(values: readonly string[]): ChallengeOutcome;
  /** The Authorization value for the next request; undefined before a challenge. */
  authorize(method: string, uri: string): string | undefined;
}

/**
 * `answerable`: try again, unless the request had answered a challenge of its own already: then the credentials are wrong.
 * `stale`: they were right, only the nonce was too old. `unsupported`: no scheme that we speak.
 */
export type ChallengeOutcome = 'answerable' | 'stale' | 'unsupported';

interface Challenge {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

const ALGORITHMS: Readonly<Record<string, { readonly hash: 'md5' | 'sha256'; readonly strength: number }>> = {
  MD5: { hash: 'md5', strength: 1 },
  'MD5-SESS': { hash: 'md5', strength: 2 },
  'SHA-256': { hash: 'sha256', strength: 3 },
  'SHA-256-SESS': { hash: 'sha256', strength: 4 },
};

/** Splits challenge or credential values into schemes and their parameters (names in lower case). */
export function parseAuthenticate(values: readonly string[]): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  for (const value of values) {
    const items = value.matchAll(
      /(?<![\w-])([\w-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|(?<![\w-])([A-Za-z][\w-]*)(?=[\s,]|$)/g,
    );
    for (const [, name, quoted, plain, scheme] of items) {
      if (scheme) challenges.push({ scheme: scheme.toLowerCase(), params: new Map() });
      else challenges.at(-1)?.params.set(name?.toLowerCase() ?? '', quoted ?? plain ?? '');
    }
  }
  return challenges;
}

/** How good a challenge is; 0 = cannot be answered. */
function strength({ scheme, params }: Challenge): number {
  if (scheme === 'basic') return 0.5;
  if (scheme !== 'digest' || !params.get('nonce')) return 0;
  if (params.get('qop') && !offersAuth(params)) return 0;
  return ALGORITHMS[algorithmOf(params)]?.strength ?? 0;
}

const algorithmOf = (params: ReadonlyMap<string, string>): string =>
  (params.get('algorithm') || 'MD5').toUpperCase();

const offersAuth = (params: ReadonlyMap<string, string>): boolean =>
  (params.get('qop') ?? '').split(',').some((item) => item.trim().toLowerCase() === 'auth');

/** Answers challenges with these credentials. */
export function createClientAuth({ username, password }: Credentials): ClientAuth {
  let current: Challenge | undefined;
  let nonceCount = 0;
  let cnonce = '';

  return {
    challenge(values) {
      const best = parseAuthenticate(values)
        .filter((item) => strength(item) > 0)
        .sort((a, b) => strength(b) - strength(a))[0];
      if (!best) return 'unsupported';
      current = best;
      nonceCount = 0;
      cnonce = randomBytes(8).toString('hex');
      return best.params.get('stale')?.toLowerCase() === 'true' ? 'stale' : 'answerable';
    },

    authorize(method, uri) {
      if (!current) return undefined;
      if (current.scheme === 'basic')
        return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const { params } = current;
      const realm = params.get('realm') ?? '';
      const nonce = params.get('nonce') ?? '';
      const qop = offersAuth(params) ? 'auth' : undefined;
      const nc = (++nonceCount).toString(16).padStart(8, '0');
      const algorithm = algorithmOf(params);
      const response = digestResponse({
        ...{ username, password, realm, nonce, algorithm, qop, nc, cnonce, method, uri },
      });
      const session = algorithm.endsWith('-SESS');
      return [
        `Digest username="${username.replace(/["\\]/g, '\\$&')}"`,
        `realm="${realm}"`,
        `nonce="${nonce}"`,
        `uri="${uri}"`,
        `response="${response}"`,
        ...(params.has('algorithm') ? [`algorithm=${params.get('algorithm')}`] : []),
        ...(params.has('opaque') ? [`opaque="${params.get('opaque')}"`] : []),
        ...(qop ? [`qop=${qop}`, `nc=${nc}`] : []),
        ...(qop || session ? [`cnonce="${cnonce}"`] : []),
      ].join(', ');
    },
  };
}

interface DigestInput extends Credentials {
  readonly realm: string;
  readonly nonce: string;
  /** Upper case, a key of ALGORITHMS. */
  readonly algorithm: string;
  readonly qop: string | undefined;
  readonly nc: string;
  readonly cnonce: string;
  readonly method: string;
  readonly uri: string;
}

function digestResponse(input: DigestInput): string {
  const name = ALGORITHMS[input.algorithm]?.hash ?? 'md5';
  const h = (...parts: string[]): string => hash(name, parts.join(':'), 'hex');
  let ha1 = h(input.username, input.realm, input.password);
  if (input.algorithm.endsWith('-SESS')) ha1 = h(ha1, input.nonce, input.cnonce);
  const ha2 = h(input.method, input.uri);
  return input.qop ? h(ha1, input.nonce, input.nc, input.cnonce, input.qop, ha2) : h(ha1, input.nonce, ha2);
}

/** The server's side; stateless, one for all connections. */
export interface ServerAuth {
  /** WWW-Authenticate values, to be sent as separate headers in this order. */
  challenges(stale?: boolean): string[];
  /** Checks an Authorization value. `stale`: right credentials with an expired nonce: challenge again with `stale`. */
  verify(
    authorization: string | undefined,
    method: string,
    uri: string,
  ): 'ok' | 'missing' | 'stale' | 'wrong';
}

const NONCE_LIFE_MS = 5 * 60_000;

/**
 * Checks requests against one user, or several of different names. `schemes` is what is offered and accepted, in the order of the challenges.
 * A nonce is `{time}{HMAC of time}`: nothing is stored, and one from another process or past its life is `stale`.
 */
export function createServerAuth(options: {
  readonly credentials: Credentials | readonly Credentials[];
  readonly realm: string;
  readonly schemes?: readonly ('basic' | 'digest' | 'digest-sha-256')[];
  readonly nonceLifeMs?: number;
  readonly now?: () => number;
}): ServerAuth {
  const { realm, schemes = ['digest', 'basic'], nonceLifeMs = NONCE_LIFE_MS } = options;
  const users = [options.credentials].flat();
  const now = options.now ?? Date.now;
  const key = randomBytes(32);
  const sign = (time: string): string =>
    time + createHmac('sha256', key).update(time).digest('hex').slice(0, 32);
  const nonceAge = (nonce: string): number =>
    sameText(sign(nonce.slice(0, 12)), nonce)
      ? now() - Number.parseInt(nonce.slice(0, 12), 16)
      : Number.POSITIVE_INFINITY;
  const makeNonce = (): string => sign(now().toString(16).padStart(12, '0'));

  const verifyBasic = (token: string): 'ok' | 'wrong' => {
    const given = Buffer.from(token, 'base64').toString('utf8');
    const matches = users.map(({ username, password }) => sameText(given, `${username}:${password}`));
    return matches.includes(true) ? 'ok' : 'wrong';
  };

  const verifyDigest = (params: ReadonlyMap<string, string>, method: string, uri: string) => {
    const get = (name: string): string => params.get(name) ?? '';
    const algorithm = algorithmOf(params);
    const offered = algorithm.startsWith('SHA') ? 'digest-sha-256' : 'digest';
    const name = get('username').replace(/\\(.)/g, '$1');
    const user = users.find(({ username }) => sameText(name, username));
    if (!ALGORITHMS[algorithm] || !schemes.includes(offered) || !user) return 'wrong';
    if (get('realm') !== realm || !sameResource(get('uri'), uri)) return 'wrong';
    const response = digestResponse({
      ...{ ...user, realm, nonce: get('nonce'), algorithm, qop: params.get('qop') },
      ...{ nc: get('nc'), cnonce: get('cnonce'), method, uri: get('uri') },
    });
    if (!sameText(get('response').toLowerCase(), response)) return 'wrong';
    return nonceAge(get('nonce')) <= nonceLifeMs ? 'ok' : 'stale';
  };

  return {
    challenges(stale = false) {
      const nonce = makeNonce();
      return schemes.map((scheme) => {
        if (scheme === 'basic') return `Basic realm="${realm}"`;
        const algorithm = scheme === 'digest' ? 'MD5' : 'SHA-256';
        return `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`;
      });
    },
    verify(authorization, method, uri) {
      if (!authorization) return 'missing';
      const basic = /^basic\s+([\w+/=-]+)\s*$/i.exec(authorization);
      if (basic) return schemes.includes('basic') ? verifyBasic(basic[1] ?? '') : 'wrong';
      const digest = parseAuthenticate([authorization])[0];
      return digest?.scheme === 'digest' ? verifyDigest(digest.params, method, uri) : 'wrong';
    },
  };
}

/** Compares without telling by time where the texts differ. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** RTSP clients sign the stream's URL where the request names a track, or the path alone; another stream must not pass. */
function sameResource(signed: string, requested: string): boolean {
  if (requested === '*' || signed === '*') return signed === requested;
  const a = pathOf(signed);
  const b = pathOf(requested);
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function pathOf(uri: string): string {
  return (
    uri
      .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
      .replace(/[?#].*$/, '')
      .replace(/\/+$/, '') || '/'
  );
}

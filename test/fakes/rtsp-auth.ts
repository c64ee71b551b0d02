/** The camera's side of Basic and Digest authentication (RFC 7616, RFC 2617 without qop). */
import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** `md5` is Digest without qop, as most cameras do. Several = several challenges, in this order. */
  readonly schemes: readonly ('basic' | 'md5' | 'md5-qop' | 'sha-256')[];
}

const REALM = 'Fake camera';

export class Guard {
  readonly #credentials: Credentials;
  #nonce = randomBytes(16).toString('hex');
  /** Answers 401 as often as this, whatever is sent. */
  refusals = 0;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Nonces given out so far are stale now. */
  renewNonce(): void {
    this.#nonce = randomBytes(16).toString('hex');
  }

  /** Undefined if the request may pass; else the WWW-Authenticate headers of a 401. */
  check(method: string, authorization: string | undefined): string[] | undefined {
    if (this.refusals > 0) {
      this.refusals--;
      return this.#challenges(false);
    }
    if (!authorization) return this.#challenges(false);
    const { user, password } = this.#credentials;
    if (/^basic /i.test(authorization)) {
      const sent = Buffer.from(authorization.slice(6), 'base64').toString();
      const allowed = this.#credentials.schemes.includes('basic') && sent === `${user}:${password}`;
      return allowed ? undefined : this.#challenges(false);
    }
    const fields = parseFields(authorization.replace(/^digest /i, ''));
    if (fields.nonce !== this.#nonce) return this.#challenges(true);
    return this.#verify(method, fields) ? undefined : this.#challenges(false);
  }

  #verify(method: string, fields: Record<string, string>): boolean {
    const { user, password, schemes } = this.#credentials;
    const sha = fields.algorithm?.toUpperCase() === 'SHA-256';
    const hash = (text: string): string =>
      createHash(sha ? 'sha256' : 'md5')
        .update(text)
        .digest('hex');
    const qop = fields.qop ? `${fields.nc}:${fields.cnonce}:${fields.qop}:` : '';
    const scheme = sha ? 'sha-256' : qop ? 'md5-qop' : 'md5';
    if (!schemes.includes(scheme) || fields.username !== user || fields.realm !== REALM) return false;
    const secret = hash(`${user}:${REALM}:${password}`);
    return fields.response === hash(`${secret}:${this.#nonce}:${qop}${hash(`${method}:${fields.uri}`)}`);
  }

  #challenges(stale: boolean): string[] {
    const digest = (more: string): string =>
      `Digest realm="${REALM}", nonce="${this.#nonce}"${more}${stale ? ', stale=true' : ''}`;
    return this.#credentials.schemes.map(
      (scheme) =>
        ({
          basic: `Basic realm="${REALM}"`,
          md5: digest(''),
          'md5-qop': digest(', qop="auth", algorithm=MD5'),
          'sha-256': digest(', qop="auth", algorithm=SHA-256'),
        })[scheme],
    );
  }
}

function parseFields(text: string): Record<string, string> {
  const pairs = text.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g);
  return Object.fromEntries(
    [...pairs].map(([, name, quoted, bare]) => [name!.toLowerCase(), quoted ?? bare ?? '']),
  );
}

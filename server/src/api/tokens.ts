/**
 * Tokens: what plays media should not hold the password of the server.
 *
 * A token opens the media of one camera, for a time. Only its hash is kept: who reads our memory or our answers learns none,
 * and looking one up takes as long for a near miss as for nonsense. They end with the process.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Config } from '../config/schema.ts';
import { StreamError } from '../core/errors.ts';
import type { Stream } from '../core/stream.ts';

/** What a token is good for. */
export interface Grant {
  /** Names the token without being it. */
  readonly id: string;
  /** The camera: its main stream and its sub stream. */
  readonly stream: string;
  /** Its loudspeaker too. */
  readonly mayTalk: boolean;
  /** Unix time in milliseconds: nothing is opened with it from then on; what is open goes on. */
  readonly expires: number;
  /** Aborts when the token is revoked: what was opened with it ends. */
  readonly revoked: AbortSignal;
}

interface Entry extends Grant {
  readonly hash: string;
  readonly revocation: AbortController;
}

const TOKEN_BYTES = 24;
const ID_BYTES = 9;
/** The longest life of a token, seconds. */
export const MAX_TTL_SECONDS = 24 * 3600;
const MAX_TOKENS = 2000;
const MAX_TOKEN_LENGTH = 100;
/** A stream that was opened with a token can be ended by it for so long after its time. */
const KEPT_MS = MAX_TTL_SECONDS * 1000;

export class Tokens {
  /** By hash. */
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A new token. Throws StreamError `limit` when there are too many. */
  create(stream: string, { mayTalk, ttlSeconds }: { mayTalk: boolean; ttlSeconds: number }) {
    this.#sweep();
    if (this.list().length >= MAX_TOKENS)
      throw new StreamError('limit', `there are ${MAX_TOKENS} tokens already: revoke some`);
    if (this.#entries.size >= 2 * MAX_TOKENS) this.#forgetOldest();
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const revocation = new AbortController();
    setMaxListeners(0, revocation.signal);
    const entry: Entry = {
      id: randomBytes(ID_BYTES).toString('base64url'),
      stream,
      mayTalk,
      expires: this.#now() + ttlSeconds * 1000,
      revoked: revocation.signal,
      hash: hashOf(token),
      revocation,
    };
    this.#entries.set(entry.hash, entry);
    return { token, id: entry.id, expires: entry.expires };
  }

  /** What this token is good for; undefined if it is none, or none any more. */
  find(token: string): Grant | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const entry = this.#entries.get(hashOf(token));
    return entry && entry.expires > this.#now() ? entry : undefined;
  }

  /** Those in force. */
  list(): Grant[] {
    const now = this.#now();
    return [...this.#entries.values()].filter(({ expires }) => expires > now);
  }

  /** Ends these tokens and what was opened with them; how many there were. */
  revoke(of: (grant: Grant) => boolean): number {
    const ended = [...this.#entries.values()].filter(of);
    for (const { hash, revocation } of ended) {
      this.#entries.delete(hash);
      revocation.abort(new StreamError('aborted', 'the token was revoked'));
    }
    return ended.length;
  }

  /** Forgets those that are long over. */
  #sweep(): void {
    const now = this.#now();
    for (const { hash, expires } of this.#entries.values())
      if (expires + KEPT_MS <= now) this.#entries.delete(hash);
  }

  /** Of those that are over, the one that was made first. */
  #forgetOldest(): void {
    const now = this.#now();
    for (const { hash, expires } of this.#entries.values()) {
      if (expires > now) continue;
      this.#entries.delete(hash);
      return;
    }
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');

/** The grant, if it opens this stream: that of its camera, or the sub stream of it. */
export function grantFor(
  grant: Grant | undefined,
  stream: Pick<Stream, 'name'> | undefined,
  { cameras }: Pick<Config, 'cameras'>,
): Grant | undefined {
  if (!grant || !stream) return undefined;
  const sub = Object.hasOwn(cameras, grant.stream) ? cameras[grant.stream]?.sub : undefined;
  return stream.name === grant.stream || stream.name === sub ? grant : undefined;
}

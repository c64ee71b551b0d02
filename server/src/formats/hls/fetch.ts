/**
 * What playlists name, over HTTP: playlists, segments, initialization segments, keys.
 *
 * Credentials of the source go to its own host only; so do the request headers that are credentials.
 */
import { createDecipheriv } from 'node:crypto';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { collectBody } from '../../net/http-body.ts';
import { type HttpSession, httpGet } from '../../net/http-get.ts';
import { isSecretHeader } from '../../net/http-redirect.ts';
import { type Address, parseAddress } from '../../net/url.ts';
import {
  type Key,
  MAXIMUM_PLAYLIST_BYTES,
  type ParsedMaster,
  type ParsedMedia,
  type ParsedSegment,
  parsePlaylist,
  type Resource,
} from './playlist-parser.ts';

export interface Origin {
  /** As the user gave it. */
  readonly url: string;
  readonly headers: readonly string[];
  readonly insecure: boolean;
}

export interface Fetched {
  readonly url: string;
  readonly playlist: ParsedMaster | ParsedMedia;
}

const TIMEOUT_MS = 10_000;
const MAXIMUM_SEGMENT_BYTES = 64 << 20;
const MAXIMUM_INIT_BYTES = 1 << 20;
const MAXIMUM_KEYS = 16;
const KEY_BYTES = 16;

export class HlsFetcher {
  readonly #origin: Origin;
  readonly #home: Address;
  readonly #keys = new Map<string, Buffer>();
  /** A login is done once. */
  readonly #session: HttpSession = new Map();
  /** All bytes received. */
  bytes = 0;

  constructor(origin: Origin) {
    this.#origin = origin;
    this.#home = parseAddress(origin.url);
  }

  /** Gets a playlist; `url` of the answer is where it came from in the end. Rejects with StreamError. */
  async playlist(url: string, signal: AbortSignal): Promise<Fetched> {
    const { body, finalUrl } = await this.#get(
      { uri: url, range: undefined },
      MAXIMUM_PLAYLIST_BYTES,
      signal,
    );
    return { url: finalUrl, playlist: parsePlaylist(body.toString()) };
  }

  /** Gets a segment, decrypted. `base` is the URL of its playlist. Rejects with StreamError. */
  async segment(base: string, segment: ParsedSegment, signal: AbortSignal): Promise<Buffer> {
    const { body } = await this.#get(absolute(base, segment), MAXIMUM_SEGMENT_BYTES, signal);
    return this.#decrypt(base, body, segment.key, segment.sequence, signal);
  }

  async init(base: string, segment: ParsedSegment, signal: AbortSignal): Promise<Buffer> {
    const map = segment.map!;
    const { body } = await this.#get(absolute(base, map), MAXIMUM_INIT_BYTES, signal);
    return this.#decrypt(base, body, map.key, segment.sequence, signal);
  }

  async #decrypt(
    base: string,
    body: Buffer,
    key: Key | undefined,
    sequence: number,
    signal: AbortSignal,
  ): Promise<Buffer> {
    if (!key) return body;
    checkKey(key);
    const secret = await this.#key(resolveUrl(base, key.uri), signal);
    try {
      const decipher = createDecipheriv('aes-128-cbc', secret, key.iv ?? ivOf(sequence));
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch (error) {
      throw new StreamError('protocol', `hls: segment ${sequence} cannot be decrypted`, error);
    }
  }

  async #key(url: string, signal: AbortSignal): Promise<Buffer> {
    const known = this.#keys.get(url);
    if (known) return known;
    const { body } = await this.#get({ uri: url, range: undefined }, KEY_BYTES, signal);
    if (body.length !== KEY_BYTES)
      throw new StreamError('protocol', `hls: key of ${body.length} bytes, not ${KEY_BYTES}`);
    if (this.#keys.size >= MAXIMUM_KEYS) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(url, body);
    return body;
  }

  async #get(
    { uri, range }: Resource,
    maximumBytes: number,
    signal: AbortSignal,
  ): Promise<{ body: Buffer; finalUrl: string }> {
    const isHome = parseAddress(uri).host === this.#home.host;
    const headers = this.#origin.headers.filter(
      (line) => isHome || !isSecretHeader(line.split(':', 1)[0]!.trim()),
    );
    const last = range && range.offset + range.length - 1;
    try {
      const answer = await httpGet(isHome ? this.#withCredentials(uri) : uri, {
        headers: range ? [...headers, `Range: bytes=${range.offset}-${last}`] : headers,
        insecure: this.#origin.insecure,
        timeoutMs: TIMEOUT_MS,
        signal,
        session: this.#session,
      });
      const wholeAnswer = range !== undefined && answer.status === 200;
      const body = await collectBody(answer.body, {
        maximumBytes: wholeAnswer ? range.offset + maximumBytes : maximumBytes,
        timeoutMs: TIMEOUT_MS,
      });
      this.bytes += body.length;
      const wanted = wholeAnswer ? body.subarray(range.offset, range.offset + range.length) : body;
      return { body: wanted, finalUrl: answer.url };
    } catch (error) {
      throw toStreamError(error, 'hls');
    }
  }

  #withCredentials(url: string): string {
    const { credentials } = this.#home;
    if (!credentials || parseAddress(url).credentials) return url;
    const { username, password } = credentials;
    const userInfo = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
    return url.replace('://', `://${userInfo}`);
  }
}

/** The address of what a playlist names; http and https only. Throws StreamError. */
export function resolveUrl(base: string, uri: string): string {
  const url = URL.parse(uri, base);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new StreamError('protocol', `hls: not an address to get: ${uri.slice(0, 200)}`);
  return url.href;
}

const absolute = (base: string, { uri, range }: Resource): Resource => ({
  uri: resolveUrl(base, uri),
  range,
});

/** The sequence number as a big-endian 128-bit number (RFC 8216 §5.2). */
function ivOf(sequence: number): Buffer {
  const iv = Buffer.alloc(KEY_BYTES);
  iv.writeBigUInt64BE(BigInt(sequence), KEY_BYTES - 8);
  return iv;
}

function checkKey({ method, format }: Key): void {
  if (method !== 'AES-128' || format !== 'identity')
    throw new StreamError('unsupported', `hls: encrypted with ${method} (${format})`);
}

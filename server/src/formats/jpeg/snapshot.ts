/**
 * Snapshots: `GET /api/frame.jpeg`, and whoever else needs a picture of a stream.
 *
 * A camera's own JPEG is passed on as it is; other codecs, and pictures to be resized or turned, go through ffmpeg.
 * Many who ask at once are answered by one picture, kept for a short time after.
 *
 * To mount it: `const snapshots = new Snapshots({ ffmpeg: 'ffmpeg', log })` once, then
 * `await snapshots.take(stream, snapshotOptionsFromQuery(query), signal)`.
 */
import type { VideoCodecName } from '../../codecs/codec.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createPeer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { parseDuration } from '../../util/duration.ts';
import type { Logger } from '../../util/log.ts';
import { readPicture } from '../picture.ts';
import { rotationFromQuery } from '../rotation.ts';
import { completeJpeg } from './complete.ts';
import { type ConvertOptions, convertToJpeg } from './convert.ts';

export interface SnapshotOptions extends ConvertOptions {
  /** How old a picture made for somebody else may be, ms. */
  readonly cacheMs?: number | undefined;
}

export interface Snapshot {
  readonly jpeg: Buffer;
  /** Capture wall clock, ms since 1970. */
  readonly time: number;
}

const CODECS: readonly VideoCodecName[] = ['mjpeg', 'rawvideo', 'h264', 'hevc', 'av1', 'vp9'];
const DEADLINE_MS = 9500;
const DEFAULT_CACHE_MS = 500;
const MAX_CACHE_MS = 3_600_000;
const MAX_VARIANTS = 16;
const MAX_PIXELS = 8192;
/** A key frame older than this is decoded on to the latest frame. */
const FRESH_SECONDS = 1;

/** A picture that is being taken, or was. */
interface Shot {
  readonly result: Promise<Snapshot>;
  readonly abort: AbortController;
  waiters: number;
  takenAtMs: number;
  done: boolean;
}

/** Takes pictures of streams, for all who ask. */
export class Snapshots {
  readonly #settings: { readonly ffmpeg: string; readonly log: Logger };
  readonly #shots = new WeakMap<Stream, Map<string, Shot>>();

  constructor(settings: { readonly ffmpeg: string; readonly log: Logger }) {
    this.#settings = settings;
  }

  /**
   * A picture of the stream, within 10 s even if it has to start first. Rejects with StreamError: `no_match`,
   * `unreachable`, `timeout`, `process` (ffmpeg is missing or failed) …
   */
  async take(stream: Stream, options: SnapshotOptions = {}, signal?: AbortSignal): Promise<Snapshot> {
    const { cacheMs: maxAgeMs = DEFAULT_CACHE_MS, width, height, rotation, hardware } = options;
    const shots = this.#shotsOf(stream);
    const key = [width, height, rotation, hardware].join();
    let shot = shots.get(key);
    if (!shot || (shot.done && performance.now() - shot.takenAtMs > maxAgeMs)) {
      shot = this.#shoot(stream, options);
      keep(shots, key, shot, Math.min(maxAgeMs, MAX_CACHE_MS));
    }
    return waitFor(shot, signal);
  }

  #shotsOf(stream: Stream): Map<string, Shot> {
    let shots = this.#shots.get(stream);
    if (!shots) {
      shots = new Map();
      this.#shots.set(stream, shots);
    }
    return shots;
  }

  #shoot(stream: Stream, options: SnapshotOptions): Shot {
    const abort = new AbortController();
    const deadline = new StreamError('timeout', `no picture within ${DEADLINE_MS / 1000} s`);
    const timer = setTimeout(() => abort.abort(deadline), DEADLINE_MS);
    const result = this.#picture(stream, options, abort.signal).finally(() => clearTimeout(timer));
    return { result, abort, waiters: 0, takenAtMs: 0, done: false };
  }

  async #picture(stream: Stream, options: SnapshotOptions, signal: AbortSignal): Promise<Snapshot> {
    const peer = createPeer({ format: 'keyframe', protocol: 'http' });
    const packets = await readPicture(stream, { codecs: CODECS, peer, timeoutMs: DEADLINE_MS, signal });
    const [key] = packets;
    const last = packets.at(-1);
    if (!key || !last) throw new StreamError('internal', 'no key frame');
    const { codec } = key.track;
    const changed = options.width || options.height || options.rotation;
    if (codec.name === 'mjpeg' && !changed) return { jpeg: completeJpeg(last.data), time: last.time };
    const stale = (last.dts - key.dts) / codec.timeBase > FRESH_SECONDS;
    const used = stale ? packets : [key];
    const jpeg = await convertToJpeg(used, options, { ...this.#settings, signal });
    return { jpeg, time: (stale ? last : key).time };
  }
}

/** Puts a shot in the cache until it fails or is too old; more than a few sizes of one stream are not kept. */
function keep(shots: Map<string, Shot>, key: string, shot: Shot, cacheMs: number): void {
  const drop = (): void => {
    if (shots.get(key) === shot) shots.delete(key);
  };
  shots.delete(key);
  shots.set(key, shot);
  for (const [oldest, { done }] of shots) {
    if (shots.size <= MAX_VARIANTS) break;
    if (done) shots.delete(oldest);
  }
  shot.result.then(() => {
    shot.done = true;
    shot.takenAtMs = performance.now();
    setTimeout(drop, cacheMs).unref();
  }, drop);
}

/** Waits for the picture; when all who wait have left, its making ends. */
async function waitFor(shot: Shot, signal: AbortSignal | undefined): Promise<Snapshot> {
  if (!signal) {
    shot.waiters++;
    return shot.result;
  }
  const left = Promise.withResolvers<never>();
  const leave = (): void => {
    left.reject(toStreamError(signal.reason));
    shot.waiters--;
    if (shot.waiters === 0) shot.abort.abort(signal.reason);
  };
  shot.waiters++;
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([shot.result, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Reads `width|w`, `height|h`, `rotate`, `hardware|hw` and `cache` (`5s`, `1m`). Throws StreamError `invalid`. */
export function snapshotOptionsFromQuery(query: URLSearchParams): SnapshotOptions {
  return {
    width: pixels(query, 'width', 'w'),
    height: pixels(query, 'height', 'h'),
    rotation: rotationFromQuery(query),
    hardware: query.has('hardware') || query.has('hw'),
    cacheMs: cacheMs(query),
  };
}

function cacheMs(query: URLSearchParams): number | undefined {
  const text = query.get('cache');
  if (!text) return undefined;
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new StreamError('invalid', 'cache is a duration such as 5s or 1m');
  return durationMs;
}

function pixels(query: URLSearchParams, name: string, short: string): number | undefined {
  const text = query.get(name) ?? query.get(short);
  if (!text || text === '-1') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MAX_PIXELS) return value;
  throw new StreamError('invalid', `${name} is a number of pixels up to ${MAX_PIXELS}`);
}

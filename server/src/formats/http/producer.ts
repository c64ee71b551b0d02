/**
 * `http:`, `https:`, `httpx:` (https with any certificate): whatever byte format the answer turns out to be, by its
 * content type, else by its first bytes. A playlist is HLS (hls/producer.ts). One JPEG as the answer means a snapshot URL (snapshots.ts). A redirect may lead
 * to another kind of camera address, such as rtsp. Options: options.ts.
 */
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { type FinalAnswer, type HttpSession, httpGet } from '../../net/http-get.ts';
import { RedirectedElsewhere } from '../../net/http-redirect.ts';
import { openBytes } from '../byte-stream.ts';
import type { OpenContext } from '../format.ts';
import { beginsAsPlaylist, isPlaylist } from '../hls/content.ts';
import { openHls } from '../hls/producer.ts';
import { formatOfScheme } from '../open.ts';
import type { SourceText } from '../source-text.ts';
import { parseOptions } from './options.ts';
import { pollSnapshots } from './snapshots.ts';

/** A snapshot that comes this much later than it should is missing. */
const LATE_SNAPSHOT_MS = 10_000;

/** Gets the URL and recognises what comes. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const { url, headers, insecure, intervalMs, timeoutMs } = parseOptions(source);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const session: HttpSession = new Map();
  const request = (): Promise<FinalAnswer> => httpGet(url, { headers, insecure, timeoutMs, signal, session });
  let answer: FinalAnswer;
  try {
    answer = await request();
  } catch (error) {
    if (error instanceof RedirectedElsewhere) return openElsewhere(error, context);
    throw error;
  }
  const contentType = answer.headers['content-type']?.[0] ?? '';
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  if (isPlaylist(contentType, answer.url) || (await beginsAsPlaylist(answer.body, contentType, deadline))) {
    answer.body.destroy();
    return openHls({ url, headers, insecure }, context.signal);
  }
  const isSnapshot = /^\s*image\/(?:jpe?g|pjpeg)\b/i.test(contentType);
  const body = isSnapshot
    ? pollSnapshots(answer.body, async () => (await request()).body, { intervalMs, timeoutMs, signal })
    : answer.body;
  body.once('close', () => stop.abort(new StreamError('closed', 'request ended')));
  const producer = await openBytes(body, {
    protocol: 'http',
    url: answer.url,
    remoteAddress: answer.remoteAddress,
    contentType: isSnapshot ? 'image/jpeg' : contentType,
    signal: context.signal,
  });
  return isSnapshot ? { ...producer, allowedSilenceMs: intervalMs + LATE_SNAPSHOT_MS } : producer;
}

/** Cameras and networks only: a server must not make us run programs, read files, or show another stream. */
function openElsewhere(redirect: RedirectedElsewhere, context: OpenContext): Promise<Producer> {
  const format = formatOfScheme(/^([\w+.-]+):/.exec(redirect.location)?.[1] ?? '');
  if (!format || format.unsafe || (format.group !== 'camera' && format.group !== 'network')) throw redirect;
  return context.services.open(redirect.location, context);
}

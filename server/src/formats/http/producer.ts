/**
 * `http:`, `https:`, `httpx:` (https with any certificate): whatever byte format the answer turns out to be.
 * `#header=Name: value` adds request headers. One JPEG as the answer means a snapshot URL: it is asked for again and again.
 */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { httpGet } from '../../net/http-get.ts';
import { openBytes } from '../byte-stream.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';

const TIMEOUT_MS = 10_000;
const MAXIMUM_JPEG_BYTES = 16 << 20;
/** A camera that answers at once is asked this often. */
const SNAPSHOT_INTERVAL_MS = 100;

/** Gets the URL and recognises what comes. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const url = source.url.replace(/^httpx:/i, 'https:');
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const get = () =>
    httpGet(url, {
      headers: source.options.all('header'),
      insecure: source.scheme === 'httpx',
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  const answer = await get();
  const contentType = answer.headers['content-type'] ?? '';
  const snapshot = /^image\/jpe?g\b/i.test(contentType);
  const body = snapshot ? pollSnapshots(answer.body, async () => (await get()).body, signal) : answer.body;
  body.once('close', () => stop.abort(new StreamError('closed', 'request ended')));
  return openBytes(body, {
    protocol: 'http',
    url: answer.url,
    remoteAddress: `${answer.body.socket?.remoteAddress ?? ''}:${answer.body.socket?.remotePort ?? ''}`,
    contentType: snapshot ? 'image/jpeg' : contentType,
    signal: context.signal,
  });
}

/** Strings the JPEGs of repeated requests together to one stream of bytes. */
function pollSnapshots(first: Readable, next: () => Promise<Readable>, signal: AbortSignal): Readable {
  const output = new PassThrough({ highWaterMark: 1 });
  const poll = async (): Promise<void> => {
    for (let body = first; !output.destroyed; body = await next()) {
      const startedAt = performance.now();
      const jpeg = await collect(body);
      if (!output.write(jpeg)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
      const restMs = SNAPSHOT_INTERVAL_MS - (performance.now() - startedAt);
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
      if (signal.aborted) break;
    }
    output.end();
  };
  poll().catch((error) => output.destroy(error));
  return output;
}

async function collect(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAXIMUM_JPEG_BYTES)
      throw new StreamError('limit', `snapshot of more than ${MAXIMUM_JPEG_BYTES} bytes`);
  }
  return Buffer.concat(chunks, bytes);
}

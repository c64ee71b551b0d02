/** Small bodies of streamed answers, read to their end. */
import type { Readable } from 'node:stream';
import { StreamError, toStreamError } from '../core/errors.ts';

/** Rejects with StreamError: `limit` for a body that is too long, `timeout` for one that takes too long, `closed` when it breaks off. */
export async function collectBody(
  body: Readable,
  { maximumBytes, timeoutMs }: { readonly maximumBytes: number; readonly timeoutMs: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(
    () => body.destroy(new StreamError('timeout', 'the answer takes too long')),
    timeoutMs,
  );
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maximumBytes) throw new StreamError('limit', `an answer longer than ${maximumBytes} bytes`);
    }
  } catch (error) {
    throw toStreamError(error);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  return Buffer.concat(chunks, bytes);
}

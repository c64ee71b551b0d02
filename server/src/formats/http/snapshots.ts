/**
 * A snapshot URL as a stream: the same request again and again, the pictures one behind the other.
 *
 *   GET → JPEG │ wait until the interval is over │ GET → JPEG │ GET → fails │ GET → JPEG …
 *
 * A camera that needs longer than the interval is asked again as soon as it has answered. One that fails a few times in
 * a row has failed: a new password is not found by asking more often.
 */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { collectBody } from '../../net/http-body.ts';

export interface SnapshotSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAXIMUM_JPEG_BYTES = 16 << 20;
const MAXIMUM_FAILURES = 4;
const RETRY_MS = 250;
const START_OF_IMAGE = 'ffd8';

/** The pictures as bytes; `first` is the answer that is there already. Destroy it to end the requests. */
export function pollSnapshots(
  first: Readable,
  request: () => Promise<Readable>,
  { intervalMs, timeoutMs, signal }: SnapshotSettings,
): Readable {
  const output = new PassThrough({ highWaterMark: 1 });

  const picture = async (answer: Readable): Promise<Buffer> => {
    const jpeg = await collectBody(answer, { maximumBytes: MAXIMUM_JPEG_BYTES, timeoutMs });
    if (jpeg.toString('hex', 0, 2) === START_OF_IMAGE) return jpeg;
    throw new StreamError('protocol', jpeg.length ? 'snapshot is no JPEG' : 'snapshot is empty');
  };

  const poll = async (): Promise<void> => {
    let failures = 0;
    let answer: Readable | undefined = first;
    while (!output.destroyed && !signal.aborted) {
      const startedAt = performance.now();
      let waitMs = intervalMs;
      try {
        const jpeg = await picture(answer ?? (await request()));
        failures = 0;
        if (!output.write(jpeg)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
      } catch (error) {
        if (++failures >= MAXIMUM_FAILURES || !isPassing(error)) throw error;
        waitMs = Math.max(intervalMs, RETRY_MS * failures);
      }
      answer = undefined;
      await sleep(Math.max(0, waitMs - (performance.now() - startedAt)), undefined, { signal }).catch(
        () => {},
      );
    }
    output.end();
  };

  poll().catch((error) => output.destroy(toStreamError(error)));
  return output;
}

function isPassing(error: unknown): boolean {
  const { code } = toStreamError(error);
  return code !== 'unauthorized' && code !== 'not_found' && code !== 'aborted';
}

/** Reads one picture from a stream: for snapshots and single-frame files. */
import type { VideoCodecName } from '../codecs/codec.ts';
import { StreamError, toStreamError } from '../core/errors.ts';
import type { Consumer, Packet, Peer } from '../core/model.ts';
import type { Stream } from '../core/stream.ts';

export interface PictureRequest {
  /** What the caller can use, in order of preference. */
  readonly codecs: readonly VideoCodecName[];
  /** How the API shows the caller while it waits. */
  readonly peer: Peer;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The last key packet of the stream's video and the packets since, oldest first: at once where the source is running
 * already, else when the first key packet comes. Rejects with StreamError.
 */
export async function readPicture(stream: Stream, request: PictureRequest): Promise<readonly Packet[]> {
  const { codecs, peer, timeoutMs, signal } = request;
  const arrived = Promise.withResolvers<void>();
  let packets: Packet[] = [];
  let waiting = false;
  const consumer: Consumer = {
    peer,
    accepts: [{ kind: 'video', codecs: codecs.map((name) => ({ name })) }],
    start: () => {
      packets = [];
    },
    write(packet) {
      if (packet.key) packets = [];
      packets.push(packet);
      if (waiting) arrived.resolve();
    },
    close: (reason) => arrived.reject(reason ?? new StreamError('closed', 'stream ended')),
  };
  const abort = (): void => arrived.reject(toStreamError(signal?.reason));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  const timer = setTimeout(
    () => arrived.reject(new StreamError('timeout', `no key frame within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const attached = stream.attach(consumer).then(() => {
    waiting = true;
    if (packets.length > 0) arrived.resolve();
    else stream.requestKeyframe();
  }, arrived.reject);
  try {
    await arrived.promise;
    return packets;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    void attached.then(() => stream.detach(consumer));
  }
}

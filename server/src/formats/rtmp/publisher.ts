/** Pushes a stream of ours to an RTMP server: `rtmp:`, `rtmps:`, `rtmpx:` addresses as sources have them. */
import { watch } from '../../core/broadcast.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createPeer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { PublishContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { parseRtmpAddress } from './address.ts';
import { connectRtmp, type RtmpClient } from './client.ts';
import { createRtmpOutput, rtmpAccepts } from './muxer.ts';
import { createRtmpViewer } from './viewer.ts';

const TIMEOUT_MS = 10_000;

/** As `Publish` says. `#video=` and `#audio=` choose codecs as queries do. */
export async function publish(stream: Stream, target: SourceText, context: PublishContext): Promise<void> {
  const { signal } = context;
  const address = parseRtmpAddress(target.url);
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  const peer = createPeer({
    format: 'flv',
    protocol: target.scheme,
    url: target.url,
    remoteAddress: `${address.host}:${address.port}`,
  });
  const query = new URLSearchParams(target.options.entries.map(([key, value]) => [key, value]));
  // The camera first: a server is not to be told of a stream that does not come.
  const selection = await stream.select(rtmpAccepts(query));
  const stop = (): void => ended.resolve();
  signal.addEventListener('abort', stop, { once: true });
  let client: RtmpClient | undefined;
  try {
    client = await connectRtmp(address, {
      mode: 'publish',
      timeoutMs: TIMEOUT_MS,
      signal,
      onMedia: () => {},
      onBytes: (bytes) => (peer.bytesReceived += bytes),
      onEnd: (reason) => ended.reject(reason),
    });
    const { stream: socket, streamId } = client;
    const viewer = createRtmpViewer({
      peer,
      queuedBytes: () => socket.queuedBytes,
      write: (bytes) => socket.write(bytes),
      onStart: () => context.onPushing?.(),
      onClose: (reason) =>
        ended.reject(toStreamError(reason ?? new StreamError('closed', 'the stream ended'))),
    });
    const output = createRtmpOutput({ query, streamId, publishes: true });
    const joined = await watch(stream, output, viewer, signal);
    await ended.promise.finally(() => joined.close());
  } finally {
    selection.release();
    signal.removeEventListener('abort', stop);
    client?.close();
  }
}

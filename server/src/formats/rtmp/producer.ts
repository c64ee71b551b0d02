/**
 * `rtmp:`, `rtmps:`, `rtmpx:` (rtmps with any certificate): plays a stream of an RTMP server or camera.
 *
 *   rtmp://user:pass@host:1935/app/stream?token=1#timeout=10
 */
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Producer } from '../../core/model.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { parseRtmpAddress } from './address.ts';
import { connectRtmp } from './client.ts';
import { MediaInput } from './media-input.ts';

const TIMEOUT_MS = 10_000;

/** Connects and plays; resolves when the tracks are known. */
export async function open(source: SourceText, { signal }: OpenContext): Promise<Producer> {
  const address = parseRtmpAddress(source.url);
  const peer = createPeer({
    format: 'rtmp',
    protocol: source.scheme,
    url: source.url,
    remoteAddress: `${address.host}:${address.port}`,
  });
  const input = new MediaInput(peer);
  try {
    const client = await connectRtmp(address, {
      mode: 'play',
      timeoutMs: timeoutOf(source),
      signal,
      onMedia: (message) => input.push(message),
      onBytes: (bytes) => (peer.bytesReceived += bytes),
      onEnd: (reason) => input.end(reason),
    });
    const close = (): void => {
      input.end();
      client.close();
    };
    const abort = (): void => input.end(new StreamError('aborted', 'nobody waits any more', signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    await input.known
      .catch((error) => {
        client.close();
        throw error;
      })
      .finally(() => signal.removeEventListener('abort', abort));
    return input.producer(close);
  } catch (error) {
    input.end();
    throw error;
  }
}

function timeoutOf({ options }: SourceText): number {
  const seconds = Number(options.get('timeout'));
  return seconds > 0 && seconds <= 3600 ? seconds * 1000 : TIMEOUT_MS;
}

/** `tcp://host:port`: connects, and recognises the byte format by the first bytes. */
import { connect } from 'node:net';
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { connectionError } from '../../net/tcp.ts';
import { parseAddress } from '../../net/url.ts';
import { openBytes } from '../byte-stream.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** Connects to the address. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const { host, port } = parseAddress(source.url);
  if (!port) throw new StreamError('invalid_source', `${source.url}: tcp source without a port`);
  const address = `${host}:${port}`;
  const socket = connect({ host, port, signal: context.signal });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new StreamError('timeout', `${address}: no connection within 5 s`)),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('connect', resolve);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => clearTimeout(timer));
    socket.on('error', (error) => reject(error instanceof StreamError ? error : connectionError(error)));
  });
  return openBytes(socket, {
    protocol: 'tcp',
    url: source.url,
    remoteAddress: address,
    signal: context.signal,
  });
}

/**
 * HTTP as some devices speak it, read without judging: only what is needed to get at the body.
 *
 *   ICY 200 OK CR LF                 SHOUTcast, and cameras that took after it
 *   Content-Type : image/jpeg LF     blanks before the colon, lines without one, two lengths, lengths that are none
 *   FF D8 …                          no head at all, as HTTP/0.9 (RFC 1945 §1.1)
 *
 * The request says HTTP/1.0, so that nothing is chunked.
 */
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { StreamError, toStreamError } from '../core/errors.ts';
import { type HttpAnswer, type HttpRequest, MAXIMUM_HEAD_BYTES, requestTarget } from './http-message.ts';
import { formatAddress } from './url.ts';

/** What a head begins with, if there is one. */
const STATUS_LINE = /^[A-Z]{2,8}(?:\/[\d.]+)?[ \t]*(\d{3})(?!\d)(.*)/i;

/** Sends the request and reads the head. Rejects with StreamError or an error of the system. */
export async function getLoosely(request: HttpRequest): Promise<HttpAnswer> {
  const { address, headers, timeoutMs, signal } = request;
  const socket = open(request);
  const abort = (): void => void socket.destroy(toStreamError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
  const timer = setTimeout(() => socket.destroy(new StreamError('timeout', 'no answer')), timeoutMs);
  try {
    const host = formatAddress({ ...address, target: '' }).replace(/^\w+:\/\//, '');
    const lines = Object.entries({ host, ...headers, connection: 'close' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(`GET ${requestTarget(address)} HTTP/1.0\r\n${lines.join('')}\r\n`, 'latin1');
    const body = socket.iterator({ destroyOnReturn: true }) as AsyncIterator<Buffer>;
    const { head, rest } = await readHead(body);
    const { status, reason, fields } = parseHead(head);
    const lengths = fields.get('content-length') ?? [];
    const [digits] = lengths.length === 1 ? (/^\d{1,15}$/.exec(lengths[0]!) ?? []) : [];
    const length = digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
    const stream = Readable.from(bodyOf(rest, body, length), { objectMode: false });
    stream.once('close', () => socket.destroy());
    stream.on('error', () => {});
    return {
      status,
      reason,
      headers: Object.fromEntries(fields),
      body: stream,
      remoteAddress: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`,
    };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function open({ address, insecure }: HttpRequest): Socket {
  const { scheme, host, port } = address;
  if (scheme !== 'https') return netConnect({ host, port: port ?? 80 });
  return tlsConnect({
    host,
    port: port ?? 443,
    ...(isIP(host) ? {} : { servername: host }),
    ...(insecure || isIP(host) ? { rejectUnauthorized: false } : {}),
  });
}

async function readHead(chunks: AsyncIterator<Buffer>): Promise<{ head: string; rest: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await chunks.next();
    if (value) bytes = Buffer.concat([bytes, value]);
    const text = bytes.toString('latin1').replace(/^\s+/, '');
    if (text.length >= 3 && !/^[A-Z]{3}/i.test(text)) return { head: '', rest: bytes };
    const end = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
    if (end) return { head: text, rest: bytes.subarray(end.index + end[0].length) };
    if (done) throw new StreamError('closed', 'connection closed before the answer');
    if (bytes.length > MAXIMUM_HEAD_BYTES)
      throw new StreamError('protocol', `no end of the head in ${bytes.length} bytes`);
  }
}

/** Status and fields by lower-case name; without a status line all of it is body, and the status 200. */
function parseHead(head: string): { status: number; reason: string; fields: Map<string, string[]> } {
  const fields = new Map<string, string[]>();
  if (head === '') return { status: 200, reason: '', fields };
  const [statusLine = '', ...lines] = head.split(/\r?\n\r?\n/, 1)[0]!.split(/\r?\n/);
  const [, digits, reason = ''] = STATUS_LINE.exec(statusLine) ?? [];
  const status = Number(digits);
  if (!status)
    throw new StreamError('protocol', `not HTTP: ${statusLine.slice(0, 40).replace(/[^\x20-\x7e]/g, '?')}`);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return { status, reason: reason.trim(), fields };
}

async function* bodyOf(first: Buffer, chunks: AsyncIterator<Buffer>, length: number): AsyncGenerator<Buffer> {
  let left = length;
  let chunk: Buffer | undefined = first;
  while (chunk && left > 0) {
    const piece: Buffer = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (left > 0) chunk = (await chunks.next()).value as Buffer | undefined;
  }
}

/**
 * A stream of bytes as a producer: recognised by its content type or its first bytes, taken apart by the demuxer of
 * that format. The same for http, tcp, pipes of programs, and HTTP POST.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../core/errors.ts';
import { createPeer, type Demuxer, type Packet, type Producer, type WritePacket } from '../core/model.ts';
import type { Format } from './format.ts';
import { FORMATS } from './index.ts';
import { ReadAhead } from './read-ahead.ts';

export interface ByteStreamSettings {
  readonly protocol: string;
  readonly url?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** MIME type of the bytes, if somebody told. */
  readonly contentType?: string | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

const HEAD_BYTES = 4096;
const MINIMUM_HEAD_BYTES = 4;
const PROBE_BYTES = 5 << 20;
const PROBE_TIMEOUT_MS = 10_000;
/** When some tracks are known but the demuxer still expects more, this is how long it is given. */
const EXTRA_TRACKS_TIMEOUT_MS = 2000;

/** The byte format of this content type or these first bytes; undefined if none fits. */
export function detectFormat(head: Buffer, contentType = ''): Format | undefined {
  const mimeType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const named = mimeType && FORMATS.find((format) => format.demuxer && format.mimeTypes?.includes(mimeType));
  return named || FORMATS.find((format) => format.demuxer && format.detect?.(head));
}

/** Reads until all tracks are known. Owns `input` from now on and destroys it in every case. Rejects with StreamError. */
export async function openBytes(input: Readable, settings: ByteStreamSettings): Promise<Producer> {
  const { signal, timeoutMs = PROBE_TIMEOUT_MS } = settings;
  const deadline = AbortSignal.timeout(timeoutMs);
  const reader = new ByteReader(input);
  const stop = AbortSignal.any([signal, deadline]);
  const abort = (): void => void input.destroy(toStreamError(stop.reason));
  stop.addEventListener('abort', abort, { once: true });
  try {
    const head = await reader.peek(HEAD_BYTES, MINIMUM_HEAD_BYTES);
    const format = detectFormat(head, settings.contentType);
    if (!format?.demuxer) throw unknownFormat(head, settings.contentType);
    const { createDemuxer } = await format.demuxer();
    const demuxer = createDemuxer();
    const held = await probe(reader, demuxer);
    const peer = createPeer({
      format: format.name,
      protocol: settings.protocol,
      url: settings.url,
      remoteAddress: settings.remoteAddress,
      userAgent: settings.userAgent,
    });
    return {
      peer,
      tracks: demuxer.tracks,
      run: (write, runSignal) =>
        pump(reader, demuxer, held, write, runSignal, (bytes) => {
          peer.bytesReceived += bytes;
          peer.corrupt = demuxer.corrupt ?? 0;
        }),
    };
  } catch (error) {
    input.destroy();
    if (deadline.aborted) throw new StreamError('timeout', 'no usable data within the time allowed');
    throw toStreamError(error);
  } finally {
    stop.removeEventListener('abort', abort);
  }
}

async function probe(reader: ByteReader, demuxer: Demuxer): Promise<Packet[]> {
  const held: Packet[] = [];
  let bytes = 0;
  let deadline = Number.POSITIVE_INFINITY;
  while (!demuxer.ready) {
    if (demuxer.tracks.length > 0 && deadline === Number.POSITIVE_INFINITY) {
      deadline = performance.now() + EXTRA_TRACKS_TIMEOUT_MS;
    }
    if (performance.now() > deadline) break;
    const chunk = await reader.read();
    if (!chunk) break;
    bytes += chunk.length;
    demuxer.push(chunk, (packet) => held.push(packet));
    if (bytes > PROBE_BYTES) break;
  }
  if (demuxer.tracks.length === 0)
    throw new StreamError('protocol', `no track found in the first ${bytes} bytes`);
  return held;
}

async function pump(
  reader: ByteReader,
  demuxer: Demuxer,
  held: Packet[],
  write: WritePacket,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  const stop = (): void => void reader.input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const ahead = new ReadAhead();
  const writeTimed: WritePacket = (packet) => {
    ahead.saw(packet.track.id, packet.dts / packet.track.codec.timeBase, performance.now());
    write(packet);
  };
  for (const packet of held.splice(0)) writeTimed(packet);
  try {
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
      demuxer.push(chunk, writeTimed);
      count(chunk.length);
      const waitMs = ahead.waitMs(performance.now());
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    }
    demuxer.flush?.(write);
    count(0);
  } catch (error) {
    if (!signal.aborted) throw toStreamError(error);
  } finally {
    signal.removeEventListener('abort', stop);
    reader.input.destroy();
  }
}

function unknownFormat(head: Buffer, contentType: string | undefined): StreamError {
  if (head.length === 0) return new StreamError('closed', 'the input ended before any data came');
  const type = contentType ? ` (${contentType.slice(0, 80)})` : '';
  return new StreamError(
    'protocol',
    `unknown byte format${type}, begins with ${head.subarray(0, 8).toString('hex')}`,
  );
}

/** Pulls chunks from a Readable, with a look ahead. */
class ByteReader {
  readonly input: Readable;
  #ahead: Buffer | undefined;
  #ended = false;
  #failure: Error | undefined;

  constructor(input: Readable) {
    this.input = input;
    input.pause();
    input.once('end', () => (this.#ended = true));
    input.once('close', () => (this.#ended = true));
    input.on('error', (error) => (this.#failure = error));
  }

  /** Up to `limit` bytes, at least `minimum` unless the input ends before; they are read again by `read`. */
  async peek(limit: number, minimum: number): Promise<Buffer> {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < minimum) {
      const chunk = await this.read();
      if (!chunk) break;
      head = head.length ? Buffer.concat([head, chunk]) : chunk;
    }
    this.#ahead = head;
    return head.subarray(0, limit);
  }

  /** The next chunk; undefined at the end. */
  async read(): Promise<Buffer | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.length) return ahead;
    for (;;) {
      if (this.#failure) throw this.#failure;
      const chunk = this.input.read() as Buffer | null;
      if (chunk) return chunk;
      if (this.#ended || this.input.readableEnded || this.input.destroyed) return undefined;
      const woken = new AbortController();
      try {
        await Promise.race(
          ['readable', 'end', 'close'].map((event) => once(this.input, event, { signal: woken.signal })),
        );
      } finally {
        woken.abort();
      }
    }
  }
}

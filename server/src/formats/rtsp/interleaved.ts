/**
 * Splits the byte stream of an RTSP connection into RTP/RTCP frames and RTSP messages (RFC 2326 §10.12).
 *
 *   ┌ '$' │ channel │ length 16 ┬ packet … ┐┌ '$' │ … ┐ RTSP/1.0 200 OK ␍␊ … ␍␊␍␊ ┌ '$' │ …
 *
 * The bytes pushed are lent, and frames are handed on in place; only a frame or message that is split over two reads
 * is put together in a buffer of the reader. Cameras that overrun their own send buffer drop bytes in the middle of a
 * frame: the reader then looks for the next frame on a channel seen before, or the next response.
 */
import { StreamError } from '../../core/errors.ts';
import { MAX_HEADER_BYTES, parseMessage, quoteBytes, type RtspMessage } from './message.ts';

export interface InterleavedHandlers {
  /** One frame: `bytes[start, end)`, lent for the call. */
  onFrame(channel: number, bytes: Buffer, start: number, end: number): void;
  onMessage(message: RtspMessage): void;
  /** Bytes have to be skipped to find the next frame; once for a stretch of them. */
  onResync?(): void;
}

const DOLLAR = 0x24;
const LF = 0x0a;
const CR = 0x0d;
const FRAME_HEADER_BYTES = 4;
const FIRST_CARRY_BYTES = 4096;
/** How much more of an unfinished header to collect before looking again. */
const TEXT_STEP_BYTES = 2048;
const MAX_METHOD_CHARS = 24;
const MAX_GARBAGE_BYTES = 1 << 20;
/** Channels believed in while none was seen. */
const PLAUSIBLE_CHANNELS = 32;
const RESPONSE = Buffer.from('RTSP/1.');

export class InterleavedReader {
  readonly #handlers: InterleavedHandlers;
  #carry = Buffer.alloc(0);
  #carried = 0;
  /** Size of the carried unit, as far as it is known. */
  #want = 0;
  /** A unit has been read at all. */
  #started = false;
  /** The last unit ended where the next one begins. Else we search, and what is found is believed once it is read whole. */
  #inStep = false;
  #garbage = 0;
  /** By channel / 2: RTP and its RTCP are neighbours. */
  readonly #seen = new Uint8Array(128);
  #anySeen = false;

  constructor(handlers: InterleavedHandlers) {
    this.#handlers = handlers;
  }

  /**
   * Reads `bytes[start, end)`. Throws StreamError `protocol` when the other side does not speak RTSP from its first
   * byte, or when nothing was found in the last MiB; then the connection is of no use any more.
   */
  push(bytes: Buffer, start = 0, end = bytes.length): void {
    let at = start;
    while (this.#carried > 0 && at < end) {
      const taken = Math.min(this.#want - this.#carried, end - at);
      this.#keep(bytes, at, at + taken);
      at += taken;
      const used = this.#read(this.#carry, 0, this.#carried);
      if (used > 0) {
        this.#carry.copyWithin(0, used, this.#carried);
        this.#carried -= used;
      }
    }
    if (at < end) at = this.#read(bytes, at, end);
    if (at < end) this.#keep(bytes, at, end);
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CARRY_BYTES, needed * 2));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }

  /** Hands on all whole units; returns the offset of the first unfinished one and sets `#want`. */
  #read(buffer: Buffer, start: number, end: number): number {
    const handlers = this.#handlers;
    const seen = this.#seen;
    let at = start;
    while (at < end) {
      const first = buffer[at]!;
      if (first === DOLLAR) {
        if (end - at < FRAME_HEADER_BYTES) return this.#wait(at, FRAME_HEADER_BYTES);
        const next = at + FRAME_HEADER_BYTES + ((buffer[at + 2]! << 8) | buffer[at + 3]!);
        if (!this.#inStep && this.#started && !this.#looksLikeUnit(buffer, at, end)) {
          at = this.#skip(buffer, at, end);
          continue;
        }
        if (next > end) return this.#wait(at, next - at);
        const channel = buffer[at + 1]!;
        if (!this.#inStep || seen[channel >> 1] === 0) this.#noteChannel(channel);
        handlers.onFrame(channel, buffer, at + FRAME_HEADER_BYTES, next);
        at = next;
      } else if (first === CR || first === LF) {
        at++;
      } else {
        const next = this.#message(buffer, at, end);
        if (next <= at) return at;
        at = next;
      }
    }
    return at;
  }

  #wait(at: number, want: number): number {
    this.#want = want;
    return at;
  }

  #noteChannel(channel: number): void {
    this.#seen[channel >> 1] = 1;
    this.#anySeen = true;
    this.#enterStep();
  }

  #enterStep(): void {
    this.#started = true;
    this.#inStep = true;
    this.#garbage = 0;
  }

  /** Offset after the message at `at`, or after the garbage; `at` itself when more bytes are needed. */
  #message(buffer: Buffer, at: number, end: number): number {
    if (!couldBeText(buffer, at, end)) return this.#skip(buffer, at, end);
    let parsed: ReturnType<typeof parseMessage>;
    try {
      parsed = parseMessage(buffer, at, end);
    } catch (error) {
      if (!this.#started) throw error;
      return this.#skip(buffer, at, end);
    }
    if (!parsed.message) return this.#wait(at, Math.max(parsed.end - at, end - at + TEXT_STEP_BYTES));
    this.#enterStep();
    this.#handlers.onMessage(parsed.message);
    return parsed.end;
  }

  /** Offset of the next thing that looks like a frame or a response. */
  #skip(buffer: Buffer, start: number, end: number): number {
    if (!this.#started)
      throw new StreamError('protocol', `not RTSP: ${quoteBytes(buffer.subarray(start, end))}`);
    if (this.#inStep) this.#handlers.onResync?.();
    this.#inStep = false;
    let at = start + 1;
    while (at < end && !this.#looksLikeUnit(buffer, at, end)) at++;
    this.#garbage += at - start;
    if (this.#garbage > MAX_GARBAGE_BYTES)
      throw new StreamError('protocol', `no RTSP in the last ${MAX_GARBAGE_BYTES} bytes`);
    return at;
  }

  /** Checked as far as the bytes at hand reach. */
  #looksLikeUnit(buffer: Buffer, at: number, end: number): boolean {
    if (buffer[at] === RESPONSE[0]) {
      const length = Math.min(RESPONSE.length, end - at);
      return buffer.compare(RESPONSE, 0, length, at, at + length) === 0;
    }
    if (buffer[at] !== DOLLAR) return false;
    if (at + 1 < end && !this.#plausibleChannel(buffer[at + 1]!)) return false;
    if (at + 4 < end && buffer[at + 4]! >> 6 !== 2) return false;
    if (at + 3 >= end) return true;
    const next = at + FRAME_HEADER_BYTES + ((buffer[at + 2]! << 8) | buffer[at + 3]!);
    return next >= end || buffer[next] === DOLLAR || buffer[next] === RESPONSE[0];
  }

  #plausibleChannel(channel: number): boolean {
    return this.#anySeen ? this.#seen[channel >> 1] === 1 : channel < PLAUSIBLE_CHANNELS;
  }
}

/** Whether the bytes can be the first line of a message: a method or `RTSP/`, then no control characters. */
function couldBeText(buffer: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && isMethodChar(buffer[at]!)) at++;
  const token = at - start;
  if (at === end) return token <= MAX_METHOD_CHARS;
  if (token === 0 || token > MAX_METHOD_CHARS || (buffer[at] !== 0x20 && buffer[at] !== 0x2f)) return false;
  const limit = Math.min(end, start + MAX_HEADER_BYTES);
  for (; at < limit && buffer[at] !== LF; at++) {
    const byte = buffer[at]!;
    if (byte < 0x20 && byte !== CR && byte !== 0x09) return false;
  }
  return true;
}

const isMethodChar = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f;

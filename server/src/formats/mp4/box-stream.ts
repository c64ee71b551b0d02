/**
 * The top level of an MP4 that comes in chunks of any size: ISO 14496-12 §4.2.
 *
 *   ftyp │ moov │ styp │ sidx │ moof │ mdat │ moof │ mdat …
 *          whole                whole  as it comes; all else is skipped
 *
 * After bytes that are no box, it goes on at the next thing that looks like the beginning of a fragment.
 */
import { StreamError } from '../../core/errors.ts';

export interface BoxSink {
  /** A whole `moov` or `moof`; `start` is the position of its first byte in the stream. The payload is given away. */
  box(type: 'moov' | 'moof', payload: Buffer, start: number): void;
  /** Where the payload of an `mdat` begins and ends (Infinity: with the stream). */
  mediaStart(position: number, end: number): void;
  /** Some bytes of an `mdat`, lent; `position` is that of the first. */
  media(bytes: Buffer, position: number): void;
  mediaEnd(): void;
}

const LIMITS = { moov: 32 << 20, moof: 4 << 20 } as const;
const MAXIMUM_SKIPPED_BYTES = 256 << 20;
const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;
/** What a reader that has lost its way may go on with. */
const RESTART_TYPES: ReadonlySet<string> = new Set(['moov', 'moof', 'styp', 'sidx', 'ftyp']);

export class BoxStream {
  readonly #sink: BoxSink;
  readonly #header = Buffer.alloc(LARGE_HEADER_BYTES);
  #headerFilled = 0;
  #headerNeeded = HEADER_BYTES;
  #position = 0;
  /** Bytes of the present box that are still to come. */
  #left = 0;
  #kind: 'header' | 'whole' | 'media' | 'skip' = 'header';
  #type: 'moov' | 'moof' = 'moov';
  #whole: Buffer = Buffer.alloc(0);
  #wholeStart = 0;
  #lost = false;
  /** Times that no box was where one should be. */
  losses = 0;

  constructor(sink: BoxSink) {
    this.#sink = sink;
  }

  /** Bytes are lent. Throws StreamError `limit` for a movie header or a fragment header beyond reason. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      at += this.#kind === 'header' ? this.#readHeader(bytes, at) : this.#readPayload(bytes, at);
    }
  }

  #readHeader(bytes: Buffer, at: number): number {
    const count = bytes.copy(
      this.#header,
      this.#headerFilled,
      at,
      at + this.#headerNeeded - this.#headerFilled,
    );
    this.#headerFilled += count;
    this.#position += count;
    if (this.#headerFilled < this.#headerNeeded) return count;
    const size = this.#header.readUInt32BE(0);
    if (size === 1 && this.#headerNeeded === HEADER_BYTES) {
      this.#headerNeeded = LARGE_HEADER_BYTES;
      return count;
    }
    this.#begin(size);
    return count;
  }

  #begin(shortSize: number): void {
    const headerBytes = this.#headerNeeded;
    const type = this.#header.toString('latin1', 4, 8);
    const size = shortSize === 1 ? Number(this.#header.readBigUInt64BE(HEADER_BYTES)) : shortSize;
    const endless = shortSize === 0 && type === 'mdat';
    const payloadBytes = endless ? Number.POSITIVE_INFINITY : size - headerBytes;
    if (!isPlausible(type, payloadBytes) || (this.#lost && !RESTART_TYPES.has(type))) {
      this.#seek();
      return;
    }
    this.#lost = false;
    this.#headerFilled = 0;
    this.#headerNeeded = HEADER_BYTES;
    this.#left = payloadBytes;
    if (type === 'moov' || type === 'moof')
      this.#beginWhole(type, payloadBytes, this.#position - headerBytes);
    else if (type === 'mdat') {
      this.#kind = 'media';
      this.#sink.mediaStart(this.#position, this.#position + payloadBytes);
    } else this.#kind = 'skip';
    if (this.#left === 0) this.#finish();
  }

  #beginWhole(type: 'moov' | 'moof', bytes: number, start: number): void {
    if (bytes > LIMITS[type]) throw new StreamError('limit', `mp4: ${type} of ${bytes} bytes`);
    this.#kind = 'whole';
    this.#type = type;
    this.#wholeStart = start;
    this.#whole = Buffer.allocUnsafe(bytes);
  }

  /** No box: looks for one a byte further on. */
  #seek(): void {
    if (!this.#lost) this.losses++;
    this.#lost = true;
    this.#header.copy(this.#header, 0, 1, this.#headerFilled);
    this.#headerFilled = Math.min(this.#headerFilled - 1, HEADER_BYTES - 1);
    this.#headerNeeded = HEADER_BYTES;
  }

  #readPayload(bytes: Buffer, at: number): number {
    const count = Math.min(this.#left, bytes.length - at);
    if (this.#kind === 'media') this.#sink.media(bytes.subarray(at, at + count), this.#position);
    else if (this.#kind === 'whole') bytes.copy(this.#whole, this.#whole.length - this.#left, at, at + count);
    this.#position += count;
    this.#left -= count;
    if (this.#left === 0) this.#finish();
    return count;
  }

  #finish(): void {
    const kind = this.#kind;
    this.#kind = 'header';
    if (kind === 'media') this.#sink.mediaEnd();
    if (kind !== 'whole') return;
    const whole = this.#whole;
    this.#whole = Buffer.alloc(0);
    this.#sink.box(this.#type, whole, this.#wholeStart);
  }
}

function isPlausible(type: string, payloadBytes: number): boolean {
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type) || Number.isNaN(payloadBytes) || payloadBytes < 0) return false;
  return type === 'mdat' || type === 'moov' || type === 'moof' || payloadBytes <= MAXIMUM_SKIPPED_BYTES;
}

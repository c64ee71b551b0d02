/** Numbers and length-prefixed vectors of TLS (RFC 5246 §4). */
import { StreamError } from '../../core/errors.ts';

/** Reads a message from front to back; fails with StreamError `protocol` when it is shorter than it says. */
export class ByteReader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  uint8(): number {
    return this.bytes(1)[0]!;
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE();
  }

  bytes(length: number): Buffer {
    if (length > this.left) this.fail('a message that is cut off');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** Bytes behind a length of 8 bits. */
  vector8(): Buffer {
    return this.bytes(this.uint8());
  }

  /** A reader of the bytes behind a length of 16 bits. */
  vector16(): ByteReader {
    return new ByteReader(this.bytes(this.uint16()));
  }

  /** Bytes behind a length of 24 bits. */
  vector24(): Buffer {
    return this.bytes(this.bytes(3).readUIntBE(0, 3));
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  allUint16(): number[] {
    const values: number[] = [];
    while (this.left >= 2) values.push(this.uint16());
    return values;
  }

  fail(what: string): never {
    throw new StreamError('protocol', `DTLS: the peer sent ${what}`);
  }
}

export function uint16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => {
    bytes.writeUInt16BE(value, index * 2);
  });
  return bytes;
}

export const bytes8 = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length]), bytes]);
export const bytes16 = (bytes: Buffer): Buffer => Buffer.concat([uint16(bytes.length), bytes]);
export const bytes24 = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([bytes.length >> 16]), uint16(bytes.length & 0xffff), bytes]);

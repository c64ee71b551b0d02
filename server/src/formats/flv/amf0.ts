/**
 * AMF0: the values in FLV script tags and RTMP commands.
 *
 * Source of truth: "Action Message Format – AMF 0" (Adobe, 2007), sections by marker.
 *
 *   00 double          number §2.2         08 count u32 {key value}… 00 00 09   ECMA array §2.10
 *   01 u8              boolean §2.3        0A count u32 value…                  strict array §2.12
 *   02 length u16 …    string §2.4         0B double zone i16                   date §2.13
 *   03 {key value}… 00 00 09   object §2.5 0C length u32 …                      long string §2.14
 *   05 null  06 undefined  0D unsupported  0F long string  XML §2.17   10 name {key value}… typed object §2.18
 *
 * References (07) and AMF3 values (11) end the reading: nobody sends them in what we read.
 */

/** Objects that were read have no prototype. */
export type AmfValue = number | boolean | string | null | undefined | readonly AmfValue[] | AmfObject;
export interface AmfObject {
  readonly [key: string]: AmfValue;
}

const MARKER = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
  unsupported: 13,
  xml: 15,
  typedObject: 16,
} as const;

const MAX_DEPTH = 8;
const MAX_VALUES = 1000;
const MAX_TEXT_BYTES = 64 << 10;
const OBJECT_END = Buffer.from([0, 0, MARKER.objectEnd]);

class Corrupt extends Error {}

/** The values in these bytes, from `start`; reading ends without a complaint where they are corrupt, or too many. */
export function decodeAmf0(bytes: Buffer, start = 0): AmfValue[] {
  const reader = new Reader(bytes, start);
  const values: AmfValue[] = [];
  try {
    while (!reader.ended) values.push(reader.value(0));
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
  }
  return values;
}

class Reader {
  readonly #bytes: Buffer;
  #offset: number;
  #values = 0;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get ended(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) throw new Corrupt();
    const marker = this.#bytes[this.#take(1)];
    switch (marker) {
      case MARKER.number:
        return this.#bytes.readDoubleBE(this.#take(8));
      case MARKER.boolean:
        return this.#bytes[this.#take(1)] !== 0;
      case MARKER.string:
        return this.#text(this.#bytes.readUInt16BE(this.#take(2)));
      case MARKER.longString:
      case MARKER.xml:
        return this.#text(this.#bytes.readUInt32BE(this.#take(4)));
      case MARKER.typedObject:
        this.#text(this.#bytes.readUInt16BE(this.#take(2)));
        return this.#members(depth);
      case MARKER.ecmaArray:
        this.#take(4);
        return this.#members(depth);
      case MARKER.object:
        return this.#members(depth);
      case MARKER.strictArray:
        return this.#items(depth);
      case MARKER.date:
        return this.#bytes.readDoubleBE(this.#take(10));
      case MARKER.null:
        return null;
      case MARKER.undefined:
      case MARKER.unsupported:
        return undefined;
      default:
        throw new Corrupt();
    }
  }

  /** Encoders that leave the end marker out at the end of the bytes are forgiven. */
  #members(depth: number): AmfObject {
    const members: Record<string, AmfValue> = Object.create(null);
    while (!this.ended) {
      const key = this.#text(this.#bytes.readUInt16BE(this.#take(2)));
      if (key === '' && this.#bytes[this.#offset] === MARKER.objectEnd) {
        this.#offset++;
        break;
      }
      members[key] = this.value(depth + 1);
    }
    return members;
  }

  #items(depth: number): AmfValue[] {
    const count = this.#bytes.readUInt32BE(this.#take(4));
    const items: AmfValue[] = [];
    while (items.length < count) items.push(this.value(depth + 1));
    return items;
  }

  #text(length: number): string {
    if (length > MAX_TEXT_BYTES) throw new Corrupt();
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #take(count: number): number {
    const start = this.#offset;
    if (start + count > this.#bytes.length) throw new Corrupt();
    this.#offset += count;
    return start;
  }
}

/** These values one behind the other; objects as objects. */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  return Buffer.concat(values.flatMap(encodeValue));
}

/** An ECMA array, which is the form of metadata. */
export function encodeEcmaArray(members: AmfObject): Buffer {
  const head = Buffer.alloc(5);
  head[0] = MARKER.ecmaArray;
  head.writeUInt32BE(Object.keys(members).length, 1);
  return Buffer.concat([head, ...encodeMembers(members)]);
}

function encodeValue(value: AmfValue): Buffer[] {
  switch (typeof value) {
    case 'number': {
      const bytes = Buffer.alloc(9);
      bytes.writeDoubleBE(value, 1);
      return [bytes];
    }
    case 'boolean':
      return [Buffer.from([MARKER.boolean, value ? 1 : 0])];
    case 'string':
      return encodeText(value);
    case 'undefined':
      return [Buffer.from([MARKER.undefined])];
  }
  if (value === null) return [Buffer.from([MARKER.null])];
  if (Array.isArray(value)) {
    const head = Buffer.alloc(5);
    head[0] = MARKER.strictArray;
    head.writeUInt32BE(value.length, 1);
    return [head, ...value.flatMap(encodeValue)];
  }
  return [Buffer.from([MARKER.object]), ...encodeMembers(value as AmfObject)];
}

function encodeMembers(members: AmfObject): Buffer[] {
  const pairs = Object.entries(members).flatMap(([key, value]) => [
    ...lengthPrefixed(Buffer.from(key)),
    ...encodeValue(value),
  ]);
  return [...pairs, OBJECT_END];
}

function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= 0xffff) return [Buffer.from([MARKER.string]), ...lengthPrefixed(bytes)];
  const head = Buffer.alloc(5);
  head[0] = MARKER.longString;
  head.writeUInt32BE(bytes.length, 1);
  return [head, bytes];
}

const lengthPrefixed = (bytes: Buffer): Buffer[] => [
  Buffer.from([bytes.length >> 8, bytes.length & 0xff]),
  bytes,
];

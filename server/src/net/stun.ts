/**
 * STUN messages (RFC 8489), with the attributes of ICE (RFC 8445 §16) and TURN (RFC 8656 §18).
 *
 *   ┌ 00 method, class: 14 bits │ length 16 │ 21 12 a4 42 │ transaction id: 12 bytes ┐
 *   ├ type 16 │ length 16 │ value, filled up to 4 bytes ┤ …
 *   ├ MESSAGE-INTEGRITY: HMAC-SHA1 over all before it   ┤
 *   └ FINGERPRINT: CRC-32 over all before it, ⊕ "STUN"  ┘
 */
import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const STUN_METHOD = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  channelBind: 0x009,
} as const;

export const STUN_ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  mappedAddress: 0x0001,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

export type StunClass = 'request' | 'indication' | 'success' | 'error';

const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error'];
const MAGIC = 0x2112a442;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_MASK = 0x5354554e;
/** Requests of browsers have about 100 bytes. */
const MAX_BYTES = 2048;

/** An IP address and a port. IPv6 without brackets or zone. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type StunAttribute = readonly [type: number, value: Buffer];

export interface StunMessage {
  readonly class: StunClass;
  readonly method: number;
  /** 12 bytes as hex: the key of a table of transactions. */
  readonly transactionId: string;
  /** In order; those behind MESSAGE-INTEGRITY are left out. Values are views of the message. */
  readonly attributes: readonly StunAttribute[];
  /** The whole message. */
  readonly bytes: Buffer;
  /** Offset of MESSAGE-INTEGRITY; 0 if there is none. */
  readonly integrityOffset: number;
}

/** Whether a datagram is STUN: what shares the port (DTLS, RTP, TURN channels) begins with other bits (RFC 7983). */
export function isStun(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes[0]! < 4 && bytes.readUInt32BE(4) === MAGIC;
}

/** Reads a message; undefined if it is none, or its length or FINGERPRINT is wrong. */
export function parseStun(bytes: Buffer): StunMessage | undefined {
  if (!isStun(bytes) || bytes.length > MAX_BYTES) return undefined;
  if (bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES) return undefined;
  const attributes: StunAttribute[] = [];
  let integrityOffset = 0;
  let at = HEADER_BYTES;
  while (at + 4 <= bytes.length) {
    const type = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > bytes.length) return undefined;
    if (type === STUN_ATTRIBUTE.fingerprint) {
      const isLast = length === 4 && at + 8 === bytes.length;
      return isLast && bytes.readUInt32BE(at + 4) === fingerprint(bytes.subarray(0, at))
        ? message(bytes, attributes, integrityOffset)
        : undefined;
    }
    if (integrityOffset === 0) {
      if (type === STUN_ATTRIBUTE.messageIntegrity) {
        if (length !== INTEGRITY_BYTES) return undefined;
        integrityOffset = at;
      } else attributes.push([type, bytes.subarray(at + 4, at + 4 + length)]);
    }
    at += 4 + ((length + 3) & ~3);
  }
  return at === bytes.length ? message(bytes, attributes, integrityOffset) : undefined;
}

function message(bytes: Buffer, attributes: readonly StunAttribute[], integrityOffset: number): StunMessage {
  const type = bytes.readUInt16BE(0);
  return {
    class: CLASSES[((type >> 7) & 2) | ((type >> 4) & 1)]!,
    method: (type & 0x0f) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80),
    transactionId: bytes.toString('hex', 8, HEADER_BYTES),
    attributes,
    bytes,
    integrityOffset,
  };
}

/** The value of the first attribute of a type. */
export function stunAttribute(message: StunMessage, type: number): Buffer | undefined {
  return message.attributes.find(([candidate]) => candidate === type)?.[1];
}

/** Whether the message has a MESSAGE-INTEGRITY made with this key. */
export function hasIntegrity({ bytes, integrityOffset }: StunMessage, key: KeyObject): boolean {
  if (integrityOffset === 0) return false;
  const covered = Buffer.from(bytes.subarray(0, integrityOffset));
  covered.writeUInt16BE(integrityOffset + 4 + INTEGRITY_BYTES - HEADER_BYTES, 2);
  const value = bytes.subarray(integrityOffset + 4, integrityOffset + 4 + INTEGRITY_BYTES);
  return timingSafeEqual(createHmac('sha1', key).update(covered).digest(), value);
}

/** A fresh transaction id, as hex. */
export function stunTransactionId(): string {
  return randomBytes(12).toString('hex');
}

/** Writes a message; with a key it gets MESSAGE-INTEGRITY. It always has a FINGERPRINT. */
export function encodeStun(
  fields: {
    readonly class: StunClass;
    readonly method: number;
    readonly transactionId: string;
    readonly attributes: readonly StunAttribute[];
  },
  key?: KeyObject,
): Buffer {
  const classBits = CLASSES.indexOf(fields.class);
  const { method } = fields;
  const type =
    (method & 0x0f) |
    ((method & 0x70) << 1) |
    ((method & 0xf80) << 2) |
    ((classBits & 1) << 4) |
    ((classBits & 2) << 7);
  const parts: Buffer[] = [Buffer.alloc(8), Buffer.from(fields.transactionId, 'hex')];
  parts[0]!.writeUInt16BE(type);
  parts[0]!.writeUInt32BE(MAGIC, 4);
  for (const attribute of fields.attributes) parts.push(encodeAttribute(attribute));
  let bytes: Buffer = Buffer.concat(parts);
  if (key) {
    bytes.writeUInt16BE(bytes.length + 4 + INTEGRITY_BYTES - HEADER_BYTES, 2);
    const value = createHmac('sha1', key).update(bytes).digest();
    bytes = Buffer.concat([bytes, encodeAttribute([STUN_ATTRIBUTE.messageIntegrity, value])]);
  }
  bytes.writeUInt16BE(bytes.length + 8 - HEADER_BYTES, 2);
  return Buffer.concat([bytes, encodeAttribute([STUN_ATTRIBUTE.fingerprint, uint32(fingerprint(bytes))])]);
}

function encodeAttribute([type, value]: StunAttribute): Buffer {
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3));
  bytes.writeUInt16BE(type);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

const fingerprint = (bytes: Buffer): number => (crc32(bytes) ^ FINGERPRINT_MASK) >>> 0;

/** Four bytes, big-endian. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Value of an XOR-…-ADDRESS attribute. */
export function encodeXorAddress({ address, port }: Endpoint, transactionId: string): Buffer {
  const ip = ipBytes(address);
  const bytes = Buffer.concat([Buffer.from([0, ip.length === 4 ? 1 : 2, 0, 0]), ip]);
  bytes.writeUInt16BE(port ^ (MAGIC >>> 16), 2);
  xorAddress(bytes, transactionId);
  return bytes;
}

/** Reads the value of an XOR-…-ADDRESS attribute. */
export function decodeXorAddress(value: Buffer | undefined, transactionId: string): Endpoint | undefined {
  if (!value || (value.length !== 8 && value.length !== 20)) return undefined;
  const bytes = Buffer.from(value);
  xorAddress(bytes, transactionId);
  return { address: ipText(bytes.subarray(4)), port: bytes.readUInt16BE(2) ^ (MAGIC >>> 16) };
}

/** Code and reason of an ERROR-CODE attribute; 0 if there is none. */
export function stunError(message: StunMessage): { readonly code: number; readonly reason: string } {
  const value = stunAttribute(message, STUN_ATTRIBUTE.errorCode);
  if (!value || value.length < 4) return { code: 0, reason: '' };
  return { code: (value[2]! & 7) * 100 + value[3]!, reason: value.toString('utf8', 4) };
}

/** Value of an ERROR-CODE attribute. */
export function encodeStunError(code: number, reason: string): Buffer {
  return Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), Buffer.from(reason)]);
}

function xorAddress(bytes: Buffer, transactionId: string): void {
  const mask = Buffer.concat([uint32(MAGIC), Buffer.from(transactionId, 'hex')]);
  for (let index = 4; index < bytes.length; index++) bytes[index] = bytes[index]! ^ mask[index - 4]!;
}

/** The 4 or 16 bytes of an IP address. */
export function ipBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${hex16(Number(dotted[2]), Number(dotted[3]))}:${hex16(Number(dotted[4]), Number(dotted[5]))}`
    : address;
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] =>
    part ? part.split(':').map((word) => Number.parseInt(word, 16)) : [];
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0), ...back];
  const bytes = Buffer.alloc(16);
  for (let index = 0; index < 8; index++) bytes.writeUInt16BE((all[index] ?? 0) & 0xffff, index * 2);
  return bytes;
}

const hex16 = (high: number, low: number): string => ((high << 8) | low).toString(16);

/** The text of an IP address: 4 bytes dotted, 16 as Node prints IPv6 (RFC 5952). */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return words.join(':');
  return `${words.slice(0, best.start).join(':')}::${words.slice(best.start + best.length).join(':')}`;
}

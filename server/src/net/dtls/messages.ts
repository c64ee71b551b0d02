/**
 * Handshake messages of DTLS 1.2 (RFC 5246 §7.4, RFC 6347 §4.2, RFC 8422, RFC 5764): bytes ↔ values.
 * Parsers fail with StreamError `protocol`.
 */
import { ByteReader, bytes8, bytes16, bytes24, uint16 } from './bytes.ts';
import { DTLS_1_2 } from './record.ts';
import { SIGNATURE_SCHEMES } from './signature.ts';

export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** ECDHE with an ECDSA or an RSA certificate, AES-128-GCM, SHA-256. */
export const CIPHER_SUITES = { ecdsa: 0xc02b, rsa: 0xc02f } as const;
export const RANDOM_BYTES = 32;
/** The one curve: every WebRTC peer has it (RFC 8827 §6.5). */
export const CURVE_P256 = 23;

const EXTENSION = {
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  renegotiationInfo: 0xff01,
} as const;
const NAMED_CURVE = 3;
const UNCOMPRESSED = 0;
const ECDSA_SIGN = 64;
const RSA_SIGN = 1;

type Extensions = ReadonlyMap<number, Buffer>;

export interface ClientHello {
  readonly random: Buffer;
  readonly cookie: Buffer;
  readonly suites: readonly number[];
  readonly curves: readonly number[];
  /** Numbers of SRTP protection profiles, in order of preference. */
  readonly srtpProfiles: readonly number[];
  readonly extendedMasterSecret: boolean;
}

export interface ServerHello {
  readonly random: Buffer;
  readonly suite: number;
  readonly srtpProfile: number | undefined;
  readonly extendedMasterSecret: boolean;
}

export interface ServerKeyExchange {
  /** The server's point, uncompressed. */
  readonly publicKey: Buffer;
  /** The bytes that are signed behind the two randoms. */
  readonly parameters: Buffer;
  readonly scheme: number;
  readonly signature: Buffer;
}

export function encodeClientHello(hello: {
  random: Buffer;
  cookie: Buffer;
  srtpProfiles: readonly number[];
}): Buffer {
  return Buffer.concat([
    uint16(DTLS_1_2),
    hello.random,
    bytes8(Buffer.alloc(0)),
    bytes8(hello.cookie),
    bytes16(uint16(CIPHER_SUITES.ecdsa, CIPHER_SUITES.rsa)),
    bytes8(Buffer.from([0])),
    encodeExtensions([
      [EXTENSION.supportedGroups, bytes16(uint16(CURVE_P256))],
      [EXTENSION.pointFormats, bytes8(Buffer.from([UNCOMPRESSED]))],
      [EXTENSION.signatureAlgorithms, bytes16(uint16(...SIGNATURE_SCHEMES))],
      [EXTENSION.useSrtp, encodeUseSrtp(hello.srtpProfiles)],
      [EXTENSION.extendedMasterSecret, Buffer.alloc(0)],
      [EXTENSION.renegotiationInfo, bytes8(Buffer.alloc(0))],
    ]),
  ]);
}

export function parseClientHello(body: Buffer): ClientHello {
  const reader = new ByteReader(body);
  reader.uint16();
  const random = reader.bytes(RANDOM_BYTES);
  reader.vector8();
  const cookie = reader.vector8();
  const suites = reader.vector16().allUint16();
  reader.vector8();
  const extensions = parseExtensions(reader);
  const groups = extensions.get(EXTENSION.supportedGroups);
  return {
    random,
    cookie,
    suites,
    curves: groups ? new ByteReader(groups).vector16().allUint16() : [CURVE_P256],
    srtpProfiles: parseUseSrtp(extensions),
    extendedMasterSecret: extensions.has(EXTENSION.extendedMasterSecret),
  };
}

export function encodeServerHello(hello: ServerHello): Buffer {
  return Buffer.concat([
    uint16(DTLS_1_2),
    hello.random,
    bytes8(Buffer.alloc(0)),
    uint16(hello.suite),
    Buffer.from([0]),
    encodeExtensions([
      [EXTENSION.renegotiationInfo, bytes8(Buffer.alloc(0))],
      [EXTENSION.pointFormats, bytes8(Buffer.from([UNCOMPRESSED]))],
      ...(hello.extendedMasterSecret ? [[EXTENSION.extendedMasterSecret, Buffer.alloc(0)] as const] : []),
      ...(hello.srtpProfile === undefined
        ? []
        : [[EXTENSION.useSrtp, encodeUseSrtp([hello.srtpProfile])] as const]),
    ]),
  ]);
}

export function parseServerHello(body: Buffer): ServerHello {
  const reader = new ByteReader(body);
  if (reader.uint16() !== DTLS_1_2) reader.fail('another version than DTLS 1.2');
  const random = reader.bytes(RANDOM_BYTES);
  reader.vector8();
  const suite = reader.uint16();
  if (reader.uint8() !== 0) reader.fail('compression');
  const extensions = parseExtensions(reader);
  const profiles = parseUseSrtp(extensions);
  return {
    random,
    suite,
    srtpProfile: profiles[0],
    extendedMasterSecret: extensions.has(EXTENSION.extendedMasterSecret),
  };
}

/** The cookie of a HelloVerifyRequest. */
export function parseHelloVerifyRequest(body: Buffer): Buffer {
  const reader = new ByteReader(body);
  reader.uint16();
  return reader.vector8();
}

/** A Certificate message; without a certificate for a client that has none. */
export function encodeCertificate(certificate: Buffer): Buffer {
  return bytes24(bytes24(certificate));
}

/** The first certificate of the chain, DER. */
export function parseCertificate(body: Buffer): Buffer {
  return new ByteReader(new ByteReader(body).vector24()).vector24();
}

/** What the server signs, without the randoms: its point on P-256. */
export function keyExchangeParameters(publicKey: Buffer): Buffer {
  return Buffer.concat([Buffer.from([NAMED_CURVE]), uint16(CURVE_P256), bytes8(publicKey)]);
}

export function encodeServerKeyExchange(parameters: Buffer, scheme: number, signature: Buffer): Buffer {
  return Buffer.concat([parameters, uint16(scheme), bytes16(signature)]);
}

export function parseServerKeyExchange(body: Buffer): ServerKeyExchange {
  const reader = new ByteReader(body);
  if (reader.uint8() !== NAMED_CURVE || reader.uint16() !== CURVE_P256)
    reader.fail('a curve that was not offered');
  const publicKey = reader.vector8();
  const parameters = body.subarray(0, reader.at);
  return { publicKey, parameters, scheme: reader.uint16(), signature: reader.vector16().rest() };
}

export function encodeCertificateRequest(): Buffer {
  return Buffer.concat([
    bytes8(Buffer.from([ECDSA_SIGN, RSA_SIGN])),
    bytes16(uint16(...SIGNATURE_SCHEMES)),
    bytes16(Buffer.alloc(0)),
  ]);
}

export const encodeClientKeyExchange = (publicKey: Buffer): Buffer => bytes8(publicKey);

/** The client's point. */
export const parseClientKeyExchange = (body: Buffer): Buffer => new ByteReader(body).vector8();

export function encodeCertificateVerify(scheme: number, signature: Buffer): Buffer {
  return Buffer.concat([uint16(scheme), bytes16(signature)]);
}

export function parseCertificateVerify(body: Buffer): {
  readonly scheme: number;
  readonly signature: Buffer;
} {
  const reader = new ByteReader(body);
  return { scheme: reader.uint16(), signature: reader.vector16().rest() };
}

/** Profiles, and no MKI (RFC 5764 §4.1.1). */
const encodeUseSrtp = (profiles: readonly number[]): Buffer =>
  Buffer.concat([bytes16(uint16(...profiles)), bytes8(Buffer.alloc(0))]);

function parseUseSrtp(extensions: Extensions): readonly number[] {
  const value = extensions.get(EXTENSION.useSrtp);
  return value ? new ByteReader(value).vector16().allUint16() : [];
}

function encodeExtensions(extensions: readonly (readonly [type: number, value: Buffer])[]): Buffer {
  return bytes16(Buffer.concat(extensions.flatMap(([type, value]) => [uint16(type), bytes16(value)])));
}

function parseExtensions(reader: ByteReader): Extensions {
  const extensions = new Map<number, Buffer>();
  if (reader.left === 0) return extensions;
  const list = reader.vector16();
  while (list.left > 0) extensions.set(list.uint16(), list.vector16().rest());
  return extensions;
}

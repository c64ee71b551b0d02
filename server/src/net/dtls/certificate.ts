/**
 * A self-signed certificate (X.509 v3, RFC 5280), as small as DTLS peers take it: WebRTC knows certificates by their
 * fingerprint, so names and dates mean nothing.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface DtlsCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  /** SHA-256 of `der` as SDP writes it: `AB:CD:…`. */
  readonly fingerprint: string;
}

/** A fingerprint from an SDP: `a=fingerprint:sha-256 AB:CD:…`. */
export interface Fingerprint {
  readonly algorithm: string;
  readonly value: string;
}

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
};
const EXPLICIT_0 = 0xa0;
const OID_COMMON_NAME = Buffer.from('550403', 'hex');
const OID_ECDSA_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');
const YEARS = 10;
const DAY_MS = 86_400_000;

const HASHES: Readonly<Record<string, string>> = {
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
};

/** Makes a key (P-256) and a certificate for it, signed with ECDSA and SHA-256. */
export function createCertificate(commonName: string): DtlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = node(
    TAG.sequence,
    node(
      TAG.set,
      node(TAG.sequence, node(TAG.oid, OID_COMMON_NAME), node(TAG.utf8, Buffer.from(commonName))),
    ),
  );
  const algorithm = node(TAG.sequence, node(TAG.oid, OID_ECDSA_SHA256));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const now = Date.now();
  const body = node(
    TAG.sequence,
    node(EXPLICIT_0, node(TAG.integer, Buffer.from([2]))),
    node(TAG.integer, serial),
    algorithm,
    name,
    node(TAG.sequence, utcTime(now - DAY_MS), utcTime(now + YEARS * 365 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const der = node(TAG.sequence, body, algorithm, node(TAG.bitString, Buffer.from([0]), signature));
  return { der, privateKey, fingerprint: fingerprintOf(der, 'sha256') };
}

/** Whether one of the fingerprints is that of the certificate; those of unknown hash functions do not count. */
export function matchesFingerprint(der: Buffer, fingerprints: readonly Fingerprint[]): boolean {
  return fingerprints.some(({ algorithm, value }) => {
    const hash = Object.hasOwn(HASHES, algorithm.toLowerCase()) && HASHES[algorithm.toLowerCase()];
    return hash && fingerprintOf(der, hash) === value.toUpperCase();
  });
}

function fingerprintOf(der: Buffer, hash: string): string {
  const digest = createHash(hash).update(der).digest('hex').toUpperCase();
  return digest.match(/../g)!.join(':');
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return node(TAG.utcTime, Buffer.from(`${digits}Z`));
}

/** An ASN.1 element in DER. */
function node(tag: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), ...parts]);
}

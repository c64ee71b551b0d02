/** Signatures of handshakes (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3): which are accepted, and how they are checked. */
import { constants, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';

const ECDSA_P256_SHA256 = 0x0403;

interface Scheme {
  readonly keyType: string;
  readonly hash: string | null;
  readonly pss?: boolean;
}

const SCHEMES: ReadonlyMap<number, Scheme> = new Map([
  [ECDSA_P256_SHA256, { keyType: 'ec', hash: 'sha256' }],
  [0x0503, { keyType: 'ec', hash: 'sha384' }],
  [0x0807, { keyType: 'ed25519', hash: null }],
  [0x0804, { keyType: 'rsa', hash: 'sha256', pss: true }],
  [0x0401, { keyType: 'rsa', hash: 'sha256' }],
]);

/** What we accept, in order of preference. */
export const SIGNATURE_SCHEMES: readonly number[] = [...SCHEMES.keys()];

/** Whether the owner of the certificate (DER) signed the data. */
export function verifySignature(
  certificate: Buffer,
  scheme: number,
  data: Buffer,
  signature: Buffer,
): boolean {
  const known = SCHEMES.get(scheme);
  if (!known) return false;
  try {
    const key = new X509Certificate(certificate).publicKey;
    if (key.asymmetricKeyType !== known.keyType) return false;
    const padding = {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    };
    return verify(known.hash, data, { key, ...(known.pss && padding) }, signature);
  } catch {
    return false;
  }
}

/** Signs with our P-256 key; the scheme is always ecdsa_secp256r1_sha256. */
export function createSignature(
  privateKey: KeyObject,
  data: Buffer,
): { readonly scheme: number; readonly signature: Buffer } {
  return { scheme: ECDSA_P256_SHA256, signature: sign('sha256', data, privateKey) };
}

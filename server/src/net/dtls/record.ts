/**
 * DTLS 1.2 records (RFC 6347 §4.1), protected with AES-128-GCM (RFC 5288) in epoch 1.
 *
 *   │ type 8 │ fe fd │ epoch 16 │ sequence 48 │ length 16 │ fragment …
 *   epoch 1: fragment = │ explicit nonce 8 │ ciphertext │ tag 16 │
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

export const CONTENT_TYPE = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

const RECORD_HEADER_BYTES = 13;
export const DTLS_1_2 = 0xfefd;
const DTLS_1_0 = 0xfeff;
const NONCE_BYTES = 8;
const TAG_BYTES = 16;
const SEQUENCE_BYTES = 8;

/** Key and the fixed part of the nonces of one side. */
export interface CipherState {
  readonly key: KeyObject;
  readonly iv: Buffer;
}

export interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  readonly fragment: Buffer;
  /** The header, which is authenticated with the fragment. */
  readonly header: Buffer;
}

/** Whether a datagram is DTLS, by its first byte (RFC 7983). */
export function isDtls(bytes: Buffer): boolean {
  return bytes.length >= RECORD_HEADER_BYTES && bytes[0]! >= 20 && bytes[0]! <= 63;
}

/** The records of a datagram; what does not look like one ends it. */
export function parseRecords(datagram: Buffer): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= datagram.length) {
    const version = datagram.readUInt16BE(at + 1);
    const end = at + RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11);
    if (end > datagram.length || (version !== DTLS_1_2 && version !== DTLS_1_0)) break;
    const header = datagram.subarray(at, at + RECORD_HEADER_BYTES);
    const fragment = datagram.subarray(at + RECORD_HEADER_BYTES, end);
    records.push({ type: header[0]!, epoch: header.readUInt16BE(3), header, fragment });
    at = end;
  }
  return records;
}

/** Writes a record; with a cipher state it is encrypted. `sequence` never repeats in an epoch. */
export function encodeRecord(
  type: number,
  epoch: number,
  sequence: number,
  fragment: Buffer,
  cipher?: CipherState,
): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header[0] = type;
  header.writeUInt16BE(DTLS_1_2, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUIntBE(sequence, 5, 6);
  header.writeUInt16BE(fragment.length, 11);
  if (!cipher) return Buffer.concat([header, fragment]);
  const nonce = header.subarray(3, 3 + NONCE_BYTES);
  const gcm = createCipheriv('aes-128-gcm', cipher.key, Buffer.concat([cipher.iv, nonce]));
  gcm.setAAD(additionalData(header, fragment.length));
  const encrypted = gcm.update(fragment);
  gcm.final();
  header.writeUInt16BE(NONCE_BYTES + encrypted.length + TAG_BYTES, 11);
  return Buffer.concat([header, nonce, encrypted, gcm.getAuthTag()]);
}

/** The plain fragment of an encrypted record; undefined if it is not authentic. */
export function decryptRecord({ header, fragment }: DtlsRecord, cipher: CipherState): Buffer | undefined {
  const length = fragment.length - NONCE_BYTES - TAG_BYTES;
  if (length < 0) return undefined;
  const nonce = Buffer.concat([cipher.iv, fragment.subarray(0, NONCE_BYTES)]);
  const gcm = createDecipheriv('aes-128-gcm', cipher.key, nonce, { authTagLength: TAG_BYTES });
  gcm.setAAD(additionalData(header, length));
  gcm.setAuthTag(fragment.subarray(NONCE_BYTES + length));
  const plain = gcm.update(fragment.subarray(NONCE_BYTES, NONCE_BYTES + length));
  try {
    gcm.final();
  } catch {
    return undefined;
  }
  return plain;
}

/** Epoch and sequence, type, version, plain length (RFC 5246 §6.2.3.3). */
function additionalData(header: Buffer, length: number): Buffer {
  const data = Buffer.alloc(SEQUENCE_BYTES + 5);
  header.copy(data, 0, 3, 3 + SEQUENCE_BYTES);
  header.copy(data, SEQUENCE_BYTES, 0, 3);
  data.writeUInt16BE(length, SEQUENCE_BYTES + 3);
  return data;
}

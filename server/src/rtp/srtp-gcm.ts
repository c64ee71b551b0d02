/**
 * Sending with AEAD_AES_128_GCM (RFC 7714), for a peer that insists: a cipher object a packet, so several times the
 * price of srtp-cm.ts.
 */
import { createCipheriv } from 'node:crypto';
import { INTERLEAVED_BYTES, packetLength, RTP_HEADER_BYTES, type RtpBlock } from './block.ts';
import type { SrtpSessionKeys } from './srtp-keys.ts';
import type { ProtectedPackets, SrtpSender, SrtpSenderOptions } from './srtp-sender.ts';
import { BATCH, MAX_PACKET } from './wasm/layout.ts';

export const GCM_TAG_BYTES = 16;

const bytes = Buffer.alloc(BATCH * (MAX_PACKET + GCM_TAG_BYTES));
const packets = {
  bytes,
  offsets: new Array<number>(BATCH).fill(0),
  lengths: new Array<number>(BATCH).fill(0),
  count: 0,
};

/** Initialization vector of an RTP packet: 00 00, SSRC, ROC, SEQ; all ⊕ salt (RFC 7714 §8.1). */
export function gcmRtpIv(salt: Buffer, ssrc: number, roc: number, sequence: number): Buffer {
  const iv = Buffer.from(salt);
  iv.writeUInt32BE((iv.readUInt32BE(2) ^ ssrc) >>> 0, 2);
  iv.writeUInt32BE((iv.readUInt32BE(6) ^ roc) >>> 0, 6);
  iv.writeUInt16BE(iv.readUInt16BE(10) ^ sequence, 10);
  return iv;
}

export class AesGcmSender implements SrtpSender {
  readonly #keys: SrtpSessionKeys;
  readonly #ssrc: number;
  readonly #payloadType: number;

  constructor(keys: SrtpSessionKeys, { ssrc, payloadType }: SrtpSenderOptions) {
    this.#keys = keys;
    this.#ssrc = ssrc;
    this.#payloadType = payloadType;
  }

  protect(block: RtpBlock, first: number, index: number, delta: number): ProtectedPackets {
    packets.count = Math.min(block.offsets.length - first, BATCH);
    for (let i = 0, to = 0; i < packets.count; i++) {
      const from = block.offsets[first + i]!;
      const length = packetLength(block.bytes, from);
      if (length > MAX_PACKET) throw new RangeError(`RTP packet of more than ${MAX_PACKET} bytes`);
      packets.offsets[i] = to;
      packets.lengths[i] = this.#seal(block.bytes, from + INTERLEAVED_BYTES, length, to, index + i, delta);
      to += packets.lengths[i]!;
    }
    return packets;
  }

  #seal(source: Buffer, from: number, length: number, to: number, index: number, delta: number): number {
    const sequence = index & 0xffff;
    bytes[to] = source[from]!;
    bytes[to + 1] = (source[from + 1]! & 0x80) | this.#payloadType;
    bytes.writeUInt16BE(sequence, to + 2);
    bytes.writeUInt32BE((source.readUInt32BE(from + 4) + delta) >>> 0, to + 4);
    bytes.writeUInt32BE(this.#ssrc, to + 8);
    const iv = gcmRtpIv(this.#keys.salt, this.#ssrc, Math.floor(index / 0x10000) >>> 0, sequence);
    const cipher = createCipheriv('aes-128-gcm', this.#keys.cipherKey, iv);
    cipher.setAAD(bytes.subarray(to, to + RTP_HEADER_BYTES));
    cipher.update(source.subarray(from + RTP_HEADER_BYTES, from + length)).copy(bytes, to + RTP_HEADER_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(bytes, to + length);
    return length + GCM_TAG_BYTES;
  }
}

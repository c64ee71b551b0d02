/**
 * SRTP (RFC 3711): protects outgoing RTP packets and opens incoming ones.
 *
 *   │ RTP header │ encrypted payload │ tag: 10 bytes of HMAC-SHA1 over all and the ROC, or 16 of GCM │
 *
 * A packet's index is ROC · 2^16 + SEQ: 48 bits that never repeat under a key; only SEQ is on the wire.
 */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { RTP_HEADER_BYTES } from './block.ts';
import { ReplayWindow } from './replay-window.ts';
import { AesCmSender } from './srtp-cm.ts';
import { AesGcmSender, GCM_TAG_BYTES, gcmRtpIv } from './srtp-gcm.ts';
import { deriveSessionKeys, type SrtpMaster, type SrtpSessionKeys } from './srtp-keys.ts';
import type { SrtpSender, SrtpSenderOptions } from './srtp-sender.ts';
import { BATCH } from './wasm/layout.ts';

/** The most packets that one `protect` takes. */
export const SRTP_BATCH = BATCH;

/** Makes the sender of one SSRC. */
export function createSrtpSender(master: SrtpMaster, options: SrtpSenderOptions): SrtpSender {
  const keys = deriveSessionKeys(master, 'rtp');
  return master.profile === 'SRTP_AEAD_AES_128_GCM'
    ? new AesGcmSender(keys, options)
    : new AesCmSender(keys, options);
}

/** Length of the header of an RTP packet with its CSRCs and extension; 0 if it is none. */
function rtpHeaderBytes(packet: Buffer): number {
  if (packet.length < RTP_HEADER_BYTES || packet[0]! >> 6 !== 2) return 0;
  let length = RTP_HEADER_BYTES + 4 * (packet[0]! & 0x0f);
  if (packet[0]! & 0x10) {
    if (length + 4 > packet.length) return 0;
    length += 4 + 4 * packet.readUInt16BE(length + 2);
  }
  return length <= packet.length ? length : 0;
}

const TAG_BYTES = 10;
const MAX_SOURCES = 16;

/** Opens the RTP packets of a peer, whatever their SSRC. */
export class SrtpReceiver {
  readonly #keys: SrtpSessionKeys;
  readonly #gcm: boolean;
  readonly #windows = new Map<number, ReplayWindow>();

  constructor(master: SrtpMaster) {
    this.#keys = deriveSessionKeys(master, 'rtp');
    this.#gcm = master.profile === 'SRTP_AEAD_AES_128_GCM';
  }

  /** The plain RTP packet; undefined if it is not authentic, was seen before, or is no RTP. The input may be overwritten. */
  unprotect(packet: Buffer): Buffer | undefined {
    const header = rtpHeaderBytes(packet);
    if (header === 0) return undefined;
    const ssrc = packet.readUInt32BE(8);
    const window = this.#windows.get(ssrc) ?? new ReplayWindow();
    if (window.highest < 0 && this.#windows.size >= MAX_SOURCES) return undefined;
    const index = guessIndex(window.highest, packet.readUInt16BE(2));
    if (!window.accepts(index)) return undefined;
    const opened = this.#gcm
      ? this.#openGcm(packet, header, ssrc, index)
      : this.#openCm(packet, header, ssrc, index);
    if (!opened) return undefined;
    window.add(index);
    this.#windows.set(ssrc, window);
    return opened;
  }

  #openCm(packet: Buffer, header: number, ssrc: number, index: number): Buffer | undefined {
    const end = packet.length - TAG_BYTES;
    if (end < header) return undefined;
    const { authKey, cipherKey, salt } = this.#keys;
    const roc = Buffer.alloc(4);
    roc.writeUInt32BE(Math.floor(index / 0x10000) >>> 0);
    const tag = createHmac('sha1', authKey).update(packet.subarray(0, end)).update(roc).digest();
    if (!timingSafeEqual(tag.subarray(0, TAG_BYTES), packet.subarray(end))) return undefined;
    const iv = cmIv(salt, ssrc, index);
    createDecipheriv('aes-128-ctr', cipherKey, iv).update(packet.subarray(header, end)).copy(packet, header);
    return packet.subarray(0, end);
  }

  #openGcm(packet: Buffer, header: number, ssrc: number, index: number): Buffer | undefined {
    const end = packet.length - GCM_TAG_BYTES;
    if (end < header) return undefined;
    const iv = gcmRtpIv(this.#keys.salt, ssrc, Math.floor(index / 0x10000) >>> 0, index & 0xffff);
    const decipher = createDecipheriv('aes-128-gcm', this.#keys.cipherKey, iv, {
      authTagLength: GCM_TAG_BYTES,
    });
    decipher.setAAD(packet.subarray(0, header));
    decipher.setAuthTag(packet.subarray(end));
    const payload = decipher.update(packet.subarray(header, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    payload.copy(packet, header);
    return packet.subarray(0, end);
  }
}

/** Initial counter block of AES-CM: salt · 2^16 ⊕ SSRC · 2^64 ⊕ index · 2^16 (RFC 3711 §4.1.1). */
export function cmIv(salt: Buffer, ssrc: number, index: number): Buffer {
  const iv = Buffer.alloc(16);
  salt.copy(iv);
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ Math.floor(index / 0x10000)) >>> 0, 8);
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ (index & 0xffff), 12);
  return iv;
}

/** The index nearest to the highest so far (-1: none) that has this sequence number (RFC 3711 §3.3.1). */
function guessIndex(highest: number, sequence: number): number {
  if (highest < 0) return sequence;
  const near = Math.floor(highest / 0x10000) * 0x10000 + sequence;
  if (near - highest > 0x8000) return near - 0x10000;
  return highest - near > 0x8000 ? near + 0x10000 : near;
}

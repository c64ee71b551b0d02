/**
 * SRTCP (RFC 3711 §3.4, RFC 7714 §9): protects and opens RTCP packets. Few a second, so node:crypto as it is.
 *
 *   AES-CM  │ 8-byte header │ encrypted rest │ E, index (4) │ tag (10) │
 *   GCM     │ 8-byte header │ encrypted rest │ tag (16) │ E, index (4) │
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { ReplayWindow } from './replay-window.ts';
import { cmIv } from './srtp.ts';
import { GCM_TAG_BYTES } from './srtp-gcm.ts';
import { deriveSessionKeys, type SrtpMaster, type SrtpSessionKeys } from './srtp-keys.ts';

const HEADER_BYTES = 8;
const INDEX_BYTES = 4;
const TAG_BYTES = 10;
const ENCRYPTED = 0x80000000;
const MAX_INDEX = 0x7fffffff;
const MAX_SOURCES = 16;

/** One direction of an SRTCP session. */
interface Direction {
  readonly keys: SrtpSessionKeys;
  readonly gcm: boolean;
}

const direction = (master: SrtpMaster): Direction => ({
  keys: deriveSessionKeys(master, 'rtcp'),
  gcm: master.profile === 'SRTP_AEAD_AES_128_GCM',
});

/** Protects our RTCP packets, compound or single; all SSRCs share the index. */
export class SrtcpSender {
  readonly #direction: Direction;
  #index = 0;

  constructor(master: SrtpMaster) {
    this.#direction = direction(master);
  }

  protect(packet: Buffer): Buffer {
    this.#index = (this.#index + 1) & MAX_INDEX;
    const word = Buffer.alloc(INDEX_BYTES);
    word.writeUInt32BE((ENCRYPTED | this.#index) >>> 0);
    const header = packet.subarray(0, HEADER_BYTES);
    const rest = packet.subarray(HEADER_BYTES);
    const ssrc = packet.readUInt32BE(4);
    const { keys, gcm } = this.#direction;
    if (gcm) {
      const cipher = createCipheriv('aes-128-gcm', keys.cipherKey, gcmIv(keys.salt, ssrc, this.#index));
      cipher.setAAD(Buffer.concat([header, word]));
      const body = cipher.update(rest);
      cipher.final();
      return Buffer.concat([header, body, cipher.getAuthTag(), word]);
    }
    const body = createCipheriv('aes-128-ctr', keys.cipherKey, cmIv(keys.salt, ssrc, this.#index)).update(
      rest,
    );
    const signed = Buffer.concat([header, body, word]);
    return Buffer.concat([signed, authTag(keys, signed)]);
  }
}

/** Opens the RTCP packets of a peer. */
export class SrtcpReceiver {
  readonly #direction: Direction;
  readonly #windows = new Map<number, ReplayWindow>();

  constructor(master: SrtpMaster) {
    this.#direction = direction(master);
  }

  /** The plain packet; undefined if it is not authentic, was seen before, or is no SRTCP. */
  unprotect(packet: Buffer): Buffer | undefined {
    const { gcm } = this.#direction;
    if (packet.length < HEADER_BYTES + INDEX_BYTES + (gcm ? GCM_TAG_BYTES : TAG_BYTES)) return undefined;
    const ssrc = packet.readUInt32BE(4);
    const word = packet.readUInt32BE(packet.length - INDEX_BYTES - (gcm ? 0 : TAG_BYTES));
    const index = word & MAX_INDEX;
    const window = this.#windows.get(ssrc) ?? new ReplayWindow();
    if (!window.accepts(index) || (window.highest < 0 && this.#windows.size >= MAX_SOURCES)) return undefined;
    const encrypted = word >>> 31 === 1;
    const opened = gcm
      ? encrypted && this.#openGcm(packet, ssrc, index)
      : this.#openCm(packet, ssrc, index, encrypted);
    if (!opened) return undefined;
    window.add(index);
    this.#windows.set(ssrc, window);
    return opened;
  }

  #openCm(packet: Buffer, ssrc: number, index: number, encrypted: boolean): Buffer | undefined {
    const { keys } = this.#direction;
    const signed = packet.subarray(0, packet.length - TAG_BYTES);
    if (!timingSafeEqual(authTag(keys, signed), packet.subarray(signed.length))) return undefined;
    const plain = signed.subarray(0, signed.length - INDEX_BYTES);
    if (!encrypted) return plain;
    const decipher = createDecipheriv('aes-128-ctr', keys.cipherKey, cmIv(keys.salt, ssrc, index));
    return Buffer.concat([plain.subarray(0, HEADER_BYTES), decipher.update(plain.subarray(HEADER_BYTES))]);
  }

  #openGcm(packet: Buffer, ssrc: number, index: number): Buffer | undefined {
    const { keys } = this.#direction;
    const end = packet.length - INDEX_BYTES - GCM_TAG_BYTES;
    const header = packet.subarray(0, HEADER_BYTES);
    const decipher = createDecipheriv('aes-128-gcm', keys.cipherKey, gcmIv(keys.salt, ssrc, index), {
      authTagLength: GCM_TAG_BYTES,
    });
    decipher.setAAD(Buffer.concat([header, packet.subarray(packet.length - INDEX_BYTES)]));
    decipher.setAuthTag(packet.subarray(end, end + GCM_TAG_BYTES));
    const body = decipher.update(packet.subarray(HEADER_BYTES, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return Buffer.concat([header, body]);
  }
}

const authTag = ({ authKey }: SrtpSessionKeys, signed: Buffer): Buffer =>
  createHmac('sha1', authKey).update(signed).digest().subarray(0, TAG_BYTES);

/** Initialization vector of an SRTCP packet: 00 00, SSRC, 00 00, index; all ⊕ salt (RFC 7714 §9.1). */
function gcmIv(salt: Buffer, ssrc: number, index: number): Buffer {
  const iv = Buffer.from(salt);
  iv.writeUInt32BE((iv.readUInt32BE(2) ^ ssrc) >>> 0, 2);
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ index) >>> 0, 8);
  return iv;
}

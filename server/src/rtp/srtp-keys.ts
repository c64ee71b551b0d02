/**
 * SRTP protection profiles and their session keys (RFC 3711 §4.3, RFC 7714 §11).
 *
 *   master key, master salt ──AES-CM as PRF──▶ label 0 cipher key, 1 auth key, 2 salt   (RTP)
 *                                              label 3 cipher key, 4 auth key, 5 salt   (RTCP)
 */
import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';

/** Names of RFC 5764 §4.1.2 and RFC 7714 §14.2. */
export type SrtpProfile = 'SRTP_AES128_CM_HMAC_SHA1_80' | 'SRTP_AEAD_AES_128_GCM';

/** Bytes of the master key and salt of each profile, and its number in DTLS `use_srtp`. */
export const SRTP_PROFILES: Readonly<
  Record<SrtpProfile, { readonly id: number; readonly keyBytes: number; readonly saltBytes: number }>
> = {
  SRTP_AES128_CM_HMAC_SHA1_80: { id: 0x0001, keyBytes: 16, saltBytes: 14 },
  SRTP_AEAD_AES_128_GCM: { id: 0x0007, keyBytes: 16, saltBytes: 12 },
};

/** Master key and salt of one direction. */
export interface SrtpMaster {
  readonly profile: SrtpProfile;
  readonly key: Buffer;
  readonly salt: Buffer;
}

/** Session keys of RTP or of RTCP. KeyObjects: a raw key costs Node microseconds each time a cipher is made. */
export interface SrtpSessionKeys {
  readonly cipherKey: KeyObject;
  /** HMAC-SHA1, 20 bytes; not used with GCM. */
  readonly authKey: KeyObject;
  /** As long as the master salt. */
  readonly salt: Buffer;
}

const AUTH_KEY_BYTES = 20;
const SALT_BYTES = 14;
const LABEL_OFFSET = 7;

/** Derives the session keys of RTP or RTCP; the key derivation rate is 0. */
export function deriveSessionKeys({ key, salt }: SrtpMaster, protocol: 'rtp' | 'rtcp'): SrtpSessionKeys {
  const masterKey = createSecretKey(key);
  const firstLabel = protocol === 'rtp' ? 0 : 3;
  const derive = (label: number, bytes: number): Buffer => {
    const iv = Buffer.alloc(16);
    salt.copy(iv, 0, 0, SALT_BYTES);
    iv[LABEL_OFFSET] = iv[LABEL_OFFSET]! ^ label;
    return createCipheriv('aes-128-ctr', masterKey, iv).update(Buffer.alloc(bytes));
  };
  return {
    cipherKey: createSecretKey(derive(firstLabel, key.length)),
    authKey: createSecretKey(derive(firstLabel + 1, AUTH_KEY_BYTES)),
    salt: derive(firstLabel + 2, salt.length),
  };
}

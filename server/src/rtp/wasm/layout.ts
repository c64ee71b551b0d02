/**
 * Where things lie in the memory of the SRTP module (bytes), shared by its source (scripts/srtp-wasm/module.ts) and its user (srtp-cm.ts).
 */

/** RTP packets that one call protects. */
export const BATCH = 64;
/** Longest RTP packet, header included. */
export const MAX_PACKET = 1472;
/** Room of one packet in work: it, the roll-over counter, SHA-1 padding, and what vector stores write beyond. */
export const SLOT = 1664;
/** Bytes of the tag behind each packet. */
export const TAG_BYTES = 10;
/** Bytes of an AES block. */
export const AES_BLOCK = 16;

const PAGE = 65536;

/** 16 words of the SHA-1 message schedule, 4 lanes each. */
export const SCHEDULE = 0;
/** 5 words of SHA-1 state, 4 lanes each. */
export const STATE = 256;
/** HMAC states behind the inner pad (5 × 4 lanes) and behind the outer pad (5 × 4 lanes). */
export const HMAC_STATES = 384;
/** Bytes of HMAC_STATES. */
export const HMAC_STATES_BYTES = 160;
/** Initial counter block of the SSRC: salt and SSRC, index and counter zero. */
export const IV = 576;
/** A 64-byte key pad, for `absorb`. */
export const PAD = 640;
/** Length of each packet of the batch without its tag, u32. */
export const LENGTHS = 768;
/** Counter blocks of the batch: what AES encrypts to the keystream. */
export const COUNTERS = 4096;
const COUNTERS_BYTES = BATCH * (MAX_PACKET + AES_BLOCK);
/** Keystream of the batch. */
export const KEYSTREAM = COUNTERS + COUNTERS_BYTES;
/** Packets in work, one each SLOT bytes. */
export const SLOTS = KEYSTREAM + COUNTERS_BYTES;
/** Protected packets, back to back. */
export const OUTPUT = SLOTS + BATCH * SLOT;
/** A block of plain RTP packets (block.ts), as it is shared by all viewers. */
export const SOURCE = OUTPUT + BATCH * (MAX_PACKET + TAG_BYTES) + AES_BLOCK;
/** Longest block that stays loaded for all viewers of a frame; longer ones are loaded piece by piece. */
export const SOURCE_BYTES = 1 << 20;
/** Memory of the module, in pages of 64 KiB; one vector load may read beyond the source. */
export const PAGES = Math.ceil((SOURCE + SOURCE_BYTES + AES_BLOCK) / PAGE);

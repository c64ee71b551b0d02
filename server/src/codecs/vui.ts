/**
 * The part of the video usability information that H.264 (§E.1.1) and HEVC (§E.2.1) write alike.
 */
import type { BitReader } from './bits.ts';

const EXTENDED_SAR = 255;

/** Skips aspect ratio, overscan, video signal type and chroma sample location. */
export function skipVuiSignal(bits: BitReader): void {
  if (bits.flag() && bits.bits(8) === EXTENDED_SAR) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
}

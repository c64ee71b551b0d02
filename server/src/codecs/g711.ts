/**
 * G.711 A-law and mu-law: eight bits a sample, in segments whose steps double.
 *
 * Source of truth: ITU-T G.711, tables 1a to 2b. A code is the sign bit, three bits of segment and four of interval, with
 * bits inverted on the line (A-law every other one, mu-law all). A-law has 13 bits of range, mu-law 14; both are scaled
 * to 16 here, as FFmpeg and every sound card do.
 */

const ALAW_LINE_BITS = 0x55;
const MULAW_LINE_BITS = 0xff;
const MULAW_BIAS = 33;

/** Code → 16-bit sample. */
export const ALAW_TO_LINEAR: Int16Array = decodeTable(decodeAlaw);
export const MULAW_TO_LINEAR: Int16Array = decodeTable(decodeMulaw);

/** 16-bit sample (as unsigned index, `sample & 0xffff`) → code. */
export const LINEAR_TO_ALAW: Uint8Array = encodeTable(ALAW_TO_LINEAR, ALAW_LINE_BITS | 0x80);
export const LINEAR_TO_MULAW: Uint8Array = encodeTable(MULAW_TO_LINEAR, MULAW_LINE_BITS);

function decodeTable(decode: (code: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, code) => decode(code));
}

function decodeAlaw(code: number): number {
  const bits = code ^ ALAW_LINE_BITS;
  const segment = (bits >> 4) & 7;
  const interval = ((bits & 15) << 1) | 1;
  const magnitude = segment === 0 ? interval : (interval | 32) << (segment - 1);
  return (bits & 0x80 ? magnitude : -magnitude) * 8;
}

function decodeMulaw(code: number): number {
  const bits = code ^ MULAW_LINE_BITS;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 15) << 1) | 33) << segment) - MULAW_BIAS;
  return (bits & 0x80 ? -magnitude : magnitude) * 4;
}

/**
 * Each sample gets the code whose value is nearest; a sample half-way goes to the larger magnitude. Samples count at
 * 14 bits, rounded down, which is what FFmpeg does too.
 */
function encodeTable(toLinear: Int16Array, positiveZero: number): Uint8Array {
  const table = new Uint8Array(65536);
  const middle = (step: number) =>
    (toLinear[positiveZero ^ step]! + toLinear[positiveZero ^ (step + 1)]!) / 2;
  let step = 0;
  for (let magnitude = 0; magnitude <= 32768; magnitude += 4) {
    while (step < 127 && magnitude >= middle(step)) step++;
    const code = positiveZero ^ step;
    for (let low = 0; low < 4; low++) {
      if (magnitude < 32768) table[magnitude + low] = code;
      if (magnitude > 0) table[65536 - magnitude + low] = code ^ 0x80;
    }
  }
  return table;
}

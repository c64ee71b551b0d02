/** Deterministic mutations of a kept corpus: the same seed makes the same inputs on every machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A generator of uniform integers in [0, bound) (xorshift32). */
export function createRandom(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** The files of test/fuzz/corpus/{name}, in order of their names. */
export function readCorpus(name: string): Buffer[] {
  const folder = join(import.meta.dirname, 'corpus', name);
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** A copy with a few bytes flipped, removed, doubled or moved, or the end cut off. */
export function mutate(input: Buffer, random: (bound: number) => number): Buffer {
  let bytes = Buffer.from(input);
  for (let count = 1 + random(6); count > 0 && bytes.length > 0; count--) {
    const at = random(bytes.length);
    const length = 1 + random(Math.min(32, bytes.length - at));
    const piece = bytes.subarray(at, at + length);
    const rest = [bytes.subarray(0, at), bytes.subarray(at + length)] as const;
    switch (random(7)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        bytes = Buffer.concat(rest);
        break;
      case 3:
        bytes = Buffer.concat([rest[0], ...Array<Buffer>(1 + random(8)).fill(piece), rest[1]]);
        break;
      case 4: {
        const to = random(bytes.length);
        bytes = Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
        break;
      }
      case 5:
        bytes = Buffer.from(bytes.subarray(0, at));
        break;
      default:
        bytes.fill(random(2) ? 0xff : 0x00, at, Math.min(bytes.length, at + 1 + random(4)));
    }
  }
  return bytes;
}

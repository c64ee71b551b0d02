/**
 * Sections out of the packets of one pid. A section may span packets, and a packet may hold several.
 *
 *   start of a section:   pointer:8 │ rest of the section before (pointer bytes) │ section │ section … FF FF
 *   else:                 more of the section in progress
 *
 * Source of truth: ISO 13818-1 §2.4.4. A section with a wrong CRC counts when the same bytes come a second time: then
 * the sender reckons it wrongly, as some cameras do.
 */
import { isIntact, MAXIMUM_SECTION_BYTES, parseSection, type Section } from './tables.ts';

const LENGTH_BYTES = 3;
const STUFFING = 0xff;

export class SectionReader {
  readonly #onSection: (section: Section, bytes: Buffer) => void;
  #pending: Buffer | undefined;
  /** The last section whose CRC was wrong. */
  #doubted: Buffer | undefined;
  /** Sections that were corrupt. */
  corrupt = 0;

  /** `bytes` are those of the whole section: a copy. */
  constructor(onSection: (section: Section, bytes: Buffer) => void) {
    this.#onSection = onSection;
  }

  /** The payload of a packet; `begins`: its payload_unit_start_indicator. */
  push(data: Buffer, start: number, end: number, begins: boolean): void {
    if (!begins) {
      this.#append(data.subarray(start, end));
      return;
    }
    const first = start + 1 + data[start]!;
    if (first > end) {
      this.#pending = undefined;
      this.corrupt++;
      return;
    }
    this.#append(data.subarray(start + 1, first));
    this.#pending = Buffer.alloc(0);
    this.#append(data.subarray(first, end));
  }

  /** A packet is missing. */
  lost(): void {
    this.#pending = undefined;
  }

  #append(bytes: Buffer): void {
    if (!this.#pending) return;
    let rest: Buffer | undefined = Buffer.concat([this.#pending, bytes]);
    while (rest && rest.length >= LENGTH_BYTES && rest[0] !== STUFFING) {
      const length = LENGTH_BYTES + (rest.readUInt16BE(1) & 0xfff);
      if (length > MAXIMUM_SECTION_BYTES) {
        rest = undefined;
        this.corrupt++;
      } else if (length > rest.length) break;
      else {
        this.#read(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
    }
    this.#pending = rest?.[0] === STUFFING ? undefined : rest;
  }

  #read(bytes: Buffer): void {
    const section = this.#isCredible(bytes) ? parseSection(bytes) : undefined;
    if (section) this.#onSection(section, bytes);
    else this.corrupt++;
  }

  #isCredible(bytes: Buffer): boolean {
    if (isIntact(bytes) || this.#doubted?.equals(bytes)) return true;
    this.#doubted = bytes;
    return false;
  }
}

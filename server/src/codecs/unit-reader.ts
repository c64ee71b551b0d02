/**
 * Whole access units of H.264 and HEVC, as files and RTMP have them, in canonical form: 4-byte lengths, parameter sets in
 * the codec.
 *
 * Nearly always the bytes are canonical as they come, and pass as they are. Cameras repeat parameter sets and
 * delimiters in front of key pictures, some without ever sending a configuration record; a few put Annex B where
 * lengths should be.
 */
import { sameCodec, type VideoCodec } from './codec.ts';
import { joinNals, splitAnnexB, splitLengthPrefixed } from './nal.ts';
import { NAL_RULES, type NalRules, parameterSetsOf } from './nal-rules.ts';
import { ParameterSets } from './parameter-sets.ts';

export class UnitReader {
  readonly name: 'h264' | 'hevc';
  readonly #rules: NalRules;
  #sets = new ParameterSets();
  #lengthSize = 4;
  /** With extradata; undefined while parameter sets are missing. A new object when they changed. */
  codec: VideoCodec | undefined;

  constructor(name: 'h264' | 'hevc') {
    this.name = name;
    this.#rules = NAL_RULES[name];
  }

  /** Takes an avcC or hvcC. False if it is corrupt. */
  configure(record: Buffer): boolean {
    const parsed = this.#rules.parseRecord(record);
    if (!parsed) return false;
    this.#lengthSize = parsed.lengthSize;
    this.#sets = parameterSetsOf(this.#rules, parsed.sets);
    return this.#updateCodec();
  }

  /** Canonical bytes of a unit, `data` itself where it is that already; none if it has no slice; undefined if it is corrupt. */
  canonical(data: Buffer): Buffer | undefined {
    if (this.#lengthSize === 4 && this.#isCanonical(data)) return data;
    const nals = this.#split(data);
    if (!nals) return undefined;
    const kept: Buffer[] = [];
    let slices = false;
    for (const nal of nals) {
      const kind = this.#rules.kindOf(nal[0]!);
      if (kind === 'parameter set') this.#rules.updateSets(this.#sets, nal, 0, nal.length);
      if (kind !== 'slice' && kind !== 'keep') continue;
      slices ||= kind === 'slice';
      kept.push(nal);
    }
    if (this.#sets.changed) this.#updateCodec();
    return joinNals(slices ? kept : []);
  }

  /** Whether a decoder can start at this canonical unit. */
  isKey(data: Buffer): boolean {
    return this.#rules.isKey(data);
  }

  #isCanonical(data: Buffer): boolean {
    let slices = false;
    let start = 4;
    while (start < data.length) {
      const end = start + data.readUInt32BE(start - 4);
      if (end > data.length || end === start) return false;
      const kind = this.#rules.kindOf(data[start]!);
      if (kind !== 'slice' && kind !== 'keep') return false;
      slices ||= kind === 'slice';
      start = end + 4;
    }
    return slices && start === data.length + 4;
  }

  /** NAL units by their lengths, or between start codes; undefined where neither fits to the end. */
  #split(data: Buffer): Buffer[] | undefined {
    const size = this.#lengthSize;
    let start = size;
    while (start <= data.length) start += data.readUIntBE(start - size, size) + size;
    if (start === data.length + size) return splitLengthPrefixed(data, size);
    const isAnnexB =
      data.length > 4 && data.readUInt16BE(0) === 0 && (data[2] === 1 || data.readUInt16BE(2) === 1);
    return isAnnexB ? splitAnnexB(data) : undefined;
  }

  #updateCodec(): boolean {
    this.#sets.changed = false;
    const codec = this.#rules.codecOf(this.#sets);
    if (!codec.extradata) return false;
    if (!this.codec || !sameCodec(codec, this.codec)) this.codec = codec;
    return true;
  }
}

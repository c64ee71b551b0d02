/**
 * Samples to what packets carry: for H.264 and HEVC lengths of 4 bytes, no parameter sets (they go to the codec), no
 * delimiters; everything else as it is. ISO 14496-15 §4.3.3.
 */
import { av1Codec, isAv1Key } from '../../codecs/av1.ts';
import { BitReader } from '../../codecs/bits.ts';
import { type Codec, sameCodec, type VideoCodec } from '../../codecs/codec.ts';
import { H264_NAL, h264Codec, isH264Key, parseAvcC } from '../../codecs/h264.ts';
import { HEVC_NAL, hevcCodec, hevcNalType, isHevcKey, parseHvcC } from '../../codecs/hevc.ts';
import { joinNals, splitLengthPrefixed } from '../../codecs/nal.ts';
import { isVp8Key, isVp9Key } from '../../codecs/vpx.ts';
import type { Track } from '../../core/model.ts';
import { ParameterSets } from '../../rtp/parameter-sets.ts';
import type { ReadEntry } from './read-sample-entry.ts';

export interface SampleReader {
  /** Undefined while parameter sets are missing; a new object when they change. */
  readonly track: Track | undefined;
  /** The sample as packets have it; undefined if nothing is left of it, or it cannot be decoded yet. */
  read(data: Buffer): { readonly data: Buffer; readonly key: boolean } | undefined;
}

/** Makes the reader for a sample entry; `id` is that of its Track. */
export function createSampleReader(id: number, { codec, lengthSize }: ReadEntry): SampleReader {
  switch (codec.name) {
    case 'h264':
      return createNalReader(id, codec as VideoCodec, lengthSize, H264_RULES);
    case 'hevc':
      return createNalReader(id, codec as VideoCodec, lengthSize, HEVC_RULES);
    case 'av1':
      return createAv1Reader(id, codec);
    case 'vp8':
      return createPlainReader({ id, codec }, isVp8Key);
    case 'vp9':
      return createPlainReader({ id, codec }, isVp9Key);
    default:
      return createPlainReader({ id, codec }, () => true);
  }
}

function createPlainReader(track: Track, isKey: (data: Buffer) => boolean): SampleReader {
  return { track, read: (data) => ({ data, key: isKey(data) }) };
}

/** av1C may come without the sequence header, which then stands in the key frames. */
function createAv1Reader(id: number, codec: Codec): SampleReader {
  let track = (codec.extradata?.length ?? 0) > 4 ? { id, codec } : undefined;
  return {
    get track() {
      return track;
    },
    read(data) {
      const found = track ? undefined : av1Codec(data);
      if (found) track = { id, codec: found };
      return track && { data, key: isAv1Key(data) };
    },
  };
}

/** What H.264 and HEVC differ in. */
interface NalRules {
  typeOf(nal: Buffer): number;
  readonly dropped: ReadonlySet<number>;
  /** Types of parameter sets, and the bytes before their ids. */
  readonly sets: ReadonlyMap<number, number>;
  setsIn(config: Buffer): readonly (readonly Buffer[])[];
  codecOf(sets: ParameterSets): VideoCodec;
  isKey(data: Buffer): boolean;
}

const H264_RULES: NalRules = {
  typeOf: (nal) => nal[0]! & 31,
  dropped: new Set([H264_NAL.accessUnitDelimiter, H264_NAL.fillerData]),
  sets: new Map([
    [H264_NAL.sps, 4],
    [H264_NAL.pps, 1],
  ]),
  setsIn: (config) => {
    const { sps = [], pps = [] } = parseAvcC(config) ?? {};
    return [sps, pps];
  },
  codecOf: (sets) => h264Codec(sets.of(H264_NAL.sps), sets.of(H264_NAL.pps)),
  isKey: isH264Key,
};

const HEVC_RULES: NalRules = {
  typeOf: (nal) => hevcNalType(nal[0]!),
  dropped: new Set([HEVC_NAL.accessUnitDelimiter, HEVC_NAL.fillerData]),
  // The id of an SPS stands far behind its profile; cameras have one.
  sets: new Map([
    [HEVC_NAL.vps, Number.POSITIVE_INFINITY],
    [HEVC_NAL.sps, Number.POSITIVE_INFINITY],
    [HEVC_NAL.pps, 2],
  ]),
  setsIn: (config) => {
    const { vps = [], sps = [], pps = [] } = parseHvcC(config) ?? {};
    return [vps, sps, pps];
  },
  codecOf: (sets) => hevcCodec(sets.of(HEVC_NAL.vps), sets.of(HEVC_NAL.sps), sets.of(HEVC_NAL.pps)),
  isKey: isHevcKey,
};

const ID_BYTES = 24;

function createNalReader(id: number, entry: VideoCodec, lengthSize: number, rules: NalRules): SampleReader {
  const sets = new ParameterSets();
  let track: Track | undefined;

  const takeSet = (nal: Buffer): void => {
    const idAt = rules.sets.get(rules.typeOf(nal)) ?? 0;
    const setId = Number.isFinite(idAt) ? new BitReader(nal.subarray(idAt, idAt + ID_BYTES)).ue() : 0;
    sets.update(rules.typeOf(nal), setId, nal, 0, nal.length);
  };

  const makeTrack = (): void => {
    sets.changed = false;
    const found = rules.codecOf(sets);
    if (!found.extradata) return;
    const codec = found.width ? found : { ...found, width: entry.width, height: entry.height };
    if (!track || !sameCodec(track.codec, codec)) track = { id, codec };
  };

  for (const set of rules.setsIn(entry.extradata!).flat()) if (set.length > 0) takeSet(set);
  makeTrack();

  return {
    get track() {
      return track;
    },
    read(data) {
      const nals = splitLengthPrefixed(data, lengthSize);
      let bytes = 0;
      const kept = nals.filter((nal) => {
        bytes += lengthSize + nal.length;
        const type = rules.typeOf(nal);
        if (rules.sets.has(type)) takeSet(nal);
        return !rules.sets.has(type) && !rules.dropped.has(type);
      });
      if (sets.changed) makeTrack();
      if (kept.length === 0 || !track) return undefined;
      const asItIs = lengthSize === 4 && kept.length === nals.length && bytes === data.length;
      const unit = asItIs ? data : joinNals(kept);
      return { data: unit, key: rules.isKey(unit) };
    },
  };
}

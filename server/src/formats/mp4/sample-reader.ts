/**
 * Samples to what packets carry: for H.264 and HEVC lengths of 4 bytes, no parameter sets (they go to the codec), no
 * delimiters; everything else as it is. ISO 14496-15 §4.3.3.
 */
import { av1Codec, isAv1Key } from '../../codecs/av1.ts';
import type { Codec, VideoCodec } from '../../codecs/codec.ts';
import { UnitReader } from '../../codecs/unit-reader.ts';
import { isVp8Key, isVp9Key } from '../../codecs/vpx.ts';
import type { Track } from '../../core/model.ts';

export interface SampleReader {
  /** Undefined while parameter sets are missing; a new object when they change. */
  readonly track: Track | undefined;
  /** The sample as packets have it; undefined if nothing is left of it, or it cannot be decoded yet. */
  read(data: Buffer): { readonly data: Buffer; readonly key: boolean } | undefined;
}

/** Makes the reader for a codec as the sample entry has it; `id` is that of its Track. */
export function createSampleReader(id: number, codec: Codec): SampleReader {
  switch (codec.name) {
    case 'h264':
    case 'hevc':
      return createNalReader(id, codec as VideoCodec, codec.name);
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

/** The size of the sample entry stands in where the SPS cannot be read. */
function createNalReader(id: number, entry: VideoCodec, name: 'h264' | 'hevc'): SampleReader {
  const units = new UnitReader(name);
  let codec: VideoCodec | undefined;
  let track: Track | undefined;

  const updateTrack = (): void => {
    if (!units.codec || units.codec === codec) return;
    codec = units.codec;
    track = { id, codec: codec.width ? codec : { ...codec, width: entry.width, height: entry.height } };
  };

  units.configure(entry.extradata!);
  updateTrack();

  return {
    get track() {
      return track;
    },
    read(sample) {
      const data = units.canonical(sample);
      updateTrack();
      return data?.length && track ? { data, key: units.isKey(data) } : undefined;
    },
  };
}

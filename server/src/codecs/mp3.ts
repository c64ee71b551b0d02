/**
 * MP3 frames: MPEG-1 and MPEG-2 audio, layer III.
 *
 * Source of truth: ISO 11172-3 §2.4.1.3, ISO 13818-3 §2.4.2.3 for the lower sample rates (and "MPEG-2.5", observed, for the lowest).
 *
 *   FFE:11 version:2 layer:2 noCrc:1  bitrate:4 rate:2 padding:1 private:1  mode:2 …
 */

export interface Mp3Header {
  /** Header and payload. */
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
}

export const MP3_HEADER_BYTES = 4;

const LAYER_3 = 1;
const VERSION_1 = 3;
const VERSION_2 = 2;
const VERSION_RESERVED = 1;
const MONO = 3;
/** kbit/s of layer III by index; 0: free format or forbidden. */
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0] as const;
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0] as const;
const SAMPLE_RATES_1 = [44100, 48000, 32000, 0] as const;

/** Reads the header of a layer III frame; undefined if it is cut short, or anything else. */
export function parseMp3Header(data: Buffer, at = 0): Mp3Header | undefined {
  if (at + MP3_HEADER_BYTES > data.length) return undefined;
  const head = data.readUInt32BE(at);
  const version = (head >> 19) & 3;
  if (head >>> 21 !== 0x7ff || version === VERSION_RESERVED || ((head >> 17) & 3) !== LAYER_3)
    return undefined;
  const bitrate = (version === VERSION_1 ? BITRATES_1 : BITRATES_2)[(head >> 12) & 15]!;
  const sampleRate =
    SAMPLE_RATES_1[(head >> 10) & 3]! / (version === VERSION_1 ? 1 : version === VERSION_2 ? 2 : 4);
  if (bitrate === 0 || sampleRate === 0) return undefined;
  const samples = version === VERSION_1 ? 1152 : 576;
  const bytes = Math.floor((samples * bitrate * 125) / sampleRate) + ((head >> 9) & 1);
  return { bytes, samples, sampleRate, channels: ((head >> 6) & 3) === MONO ? 1 : 2 };
}

/**
 * Tracks of a Matroska file: codec ids and what their decoders are set up with.
 *
 * Source of truth: RFC 9559 §5.1.4 (TrackEntry), Matroska codec specifications (CodecID, CodecPrivate).
 *
 *   TrackEntry  TrackNumber TrackUID TrackType FlagLacing CodecID [CodecPrivate] Video { … } or Audio { … }
 */
import type { AudioCodec, Codec, CodecName, VideoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import { element, float, text, unsigned } from './ebml.ts';

const CODEC_IDS: Readonly<Record<CodecName, string>> = {
  h264: 'V_MPEG4/ISO/AVC',
  hevc: 'V_MPEGH/ISO/HEVC',
  av1: 'V_AV1',
  vp8: 'V_VP8',
  vp9: 'V_VP9',
  mjpeg: 'V_MJPEG',
  rawvideo: 'V_UNCOMPRESSED',
  aac: 'A_AAC',
  opus: 'A_OPUS',
  mp3: 'A_MPEG/L3',
  flac: 'A_FLAC',
  pcm_s16le: 'A_PCM/INT/LIT',
  pcm_s16be: 'A_PCM/INT/BIG',
  adpcm_g722: 'A_MS/ACM',
  pcm_alaw: 'A_MS/ACM',
  pcm_mulaw: 'A_MS/ACM',
};

/** Microsoft's numbers of what Matroska has no id for, and bits a sample. */
const WAVE_FORMATS: Readonly<Partial<Record<CodecName, readonly [tag: number, bits: number]>>> = {
  pcm_alaw: [6, 8],
  pcm_mulaw: [7, 8],
  adpcm_g722: [0x028f, 4],
};

/** FourCCs of planar pictures. */
const PIXEL_FOURCCS: Readonly<Record<string, string>> = {
  yuv420p: 'I420',
  yuvj420p: 'I420',
  yuv422p: 'Y42B',
  yuv444p: '444P',
  gray: 'Y800',
  nv12: 'NV12',
};

const ID = {
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  seekPreRoll: 0x56bb,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  uncompressedFourCc: 0x2eb524,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  bitDepth: 0x6264,
} as const;

const TRACK_TYPE = { video: 1, audio: 2 } as const;
/** What a decoder of Opus needs before a sample is right (RFC 7845 §4.6). */
const OPUS_PRE_ROLL_NS = 80_000_000;

/** The entry of a track. Throws StreamError `unsupported` for pixel formats that have no FourCC. */
export function trackEntry(number: number, codec: Codec): Buffer {
  const setUp = codecPrivate(codec);
  return element(
    ID.trackEntry,
    unsigned(ID.trackNumber, number),
    unsigned(ID.trackUid, number),
    unsigned(ID.trackType, TRACK_TYPE[codec.kind]),
    unsigned(ID.flagLacing, 0),
    text(ID.codecId, CODEC_IDS[codec.name]),
    ...(setUp ? [element(ID.codecPrivate, setUp)] : []),
    ...(codec.name === 'opus' ? [unsigned(ID.seekPreRoll, OPUS_PRE_ROLL_NS)] : []),
    codec.kind === 'video' ? videoFields(codec) : audioFields(codec),
  );
}

function videoFields(codec: VideoCodec): Buffer {
  return element(
    ID.video,
    unsigned(ID.pixelWidth, codec.width),
    unsigned(ID.pixelHeight, codec.height),
    ...(codec.name === 'rawvideo' ? [element(ID.uncompressedFourCc, pixelFourCc(codec))] : []),
  );
}

function audioFields({ name, sampleRate, channels }: AudioCodec): Buffer {
  const bits = name.startsWith('pcm_s16') ? 16 : WAVE_FORMATS[name]?.[1];
  return element(
    ID.audio,
    float(ID.samplingFrequency, sampleRate),
    unsigned(ID.channels, channels),
    ...(bits ? [unsigned(ID.bitDepth, bits)] : []),
  );
}

function pixelFourCc({ pixelFormat = 'yuv420p' }: VideoCodec): Buffer {
  const fourCc = PIXEL_FOURCCS[pixelFormat];
  if (!fourCc) throw new StreamError('unsupported', `matroska cannot carry rawvideo of ${pixelFormat}`);
  return Buffer.from(fourCc, 'latin1');
}

function codecPrivate(codec: Codec): Buffer | undefined {
  const { name, extradata } = codec;
  switch (name) {
    case 'h264':
    case 'hevc':
    case 'av1':
    case 'aac':
      return extradata;
    case 'opus':
      return extradata && opusHead(extradata);
    case 'flac':
      // The stream's signature, and STREAMINFO as the last metadata block (RFC 9639 §8.1).
      return extradata && Buffer.concat([Buffer.from('fLaC\x80\x00\x00\x22', 'latin1'), extradata]);
    default:
      return codec.kind === 'audio' ? waveFormat(codec) : undefined;
  }
}

/** The identification header of Ogg Opus (RFC 7845 §5.1): dOps in little endian, behind a name. */
function opusHead(dOps: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from('OpusHead', 'latin1'), dOps]);
  head[8] = 1;
  head.subarray(10, 12).swap16();
  head.subarray(12, 16).swap32();
  head.subarray(16, 18).swap16();
  return head;
}

/** WAVEFORMATEX: tag, channels, samples a second, bytes a second, bytes of a frame, bits, no more. */
function waveFormat({ name, sampleRate, channels }: AudioCodec): Buffer | undefined {
  const format = WAVE_FORMATS[name];
  if (!format) return undefined;
  const [tag, bits] = format;
  const wave = Buffer.alloc(18);
  wave.writeUInt16LE(tag, 0);
  wave.writeUInt16LE(channels, 2);
  wave.writeUInt32LE(sampleRate, 4);
  wave.writeUInt32LE((sampleRate * channels * bits) >> 3, 8);
  wave.writeUInt16LE(Math.max((channels * bits) >> 3, 1), 12);
  wave.writeUInt16LE(bits, 14);
  return wave;
}

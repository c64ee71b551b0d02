/** One stream of a NUT file as a track: which codec its FourCC is, and its frames in canonical form. */
import { aacCodec } from '../../codecs/aac.ts';
import { av1Codec } from '../../codecs/av1.ts';
import { type AudioCodecName, audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { mjpegCodec } from '../../codecs/mjpeg.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { UnitReader } from '../../codecs/unit-reader.ts';
import { vp8Codec, vp9Codec } from '../../codecs/vpx.ts';
import type { Packet, Track } from '../../core/model.ts';
import { DecodeTime } from '../../rtp/decode-time.ts';
import type { NutFrame, NutStream } from './reader.ts';

/** Frames of a stream to packets of a track, which is undefined as long as parameter sets are missing. */
export interface NutLane {
  readonly track: Track | undefined;
  /** Undefined if the frame is corrupt, or nothing can be told of its codec yet. */
  packet(frame: NutFrame): Packet | undefined;
}

/** FFmpeg's names (FourCC without what is not printed) of planar pictures. */
const PIXEL_FORMATS: Readonly<Record<string, string>> = {
  I420: 'yuv420p',
  IYUV: 'yuv420p',
  Y42B: 'yuv422p',
  '444P': 'yuv444p',
  Y800: 'gray',
  NV12: 'nv12',
};

const VIDEO_TIME_BASE = 90000;

/** By FourCC, or by the number that Microsoft gave to the format, in hexadecimal. */
const AUDIO_NAMES: Readonly<Record<string, AudioCodecName>> = {
  ff00: 'aac',
  mp4a: 'aac',
  Opus: 'opus',
  fLaC: 'flac',
  acf1: 'flac',
  '5500': 'mp3',
  mp3: 'mp3',
  '8f02': 'adpcm_g722',
  '0600': 'pcm_alaw',
  ALAW: 'pcm_alaw',
  '0700': 'pcm_mulaw',
  ULAW: 'pcm_mulaw',
  'PSD\x10': 'pcm_s16le',
  '\x10DSP': 'pcm_s16be',
};

/** The lane of a stream; undefined for one that we cannot carry. */
export function createLane(stream: NutStream): NutLane | undefined {
  const name = stream.fourCc.toString('latin1').trim();
  if (stream.kind === 'audio') {
    const codec = audioCodecOf(stream, name);
    return codec && plainLane(stream, () => codec, codec);
  }
  if (stream.kind !== 'video') return undefined;
  const { width, height } = stream;
  const pixelFormat = PIXEL_FORMATS[name];
  if (pixelFormat) {
    const codec = videoCodec('rawvideo', { width, height, pixelFormat });
    return plainLane(stream, () => codec, codec);
  }
  switch (name.toLowerCase()) {
    case 'h264':
    case 'avc1':
      return nalLane(stream, 'h264');
    case 'hevc':
    case 'h265':
    case 'hev1':
    case 'hvc1':
      return nalLane(stream, 'hevc');
    case 'mjpg':
      return plainLane(stream, mjpegCodec, videoCodec('mjpeg', { width, height }));
    case 'vp80':
      return plainLane(stream, vp8Codec);
    case 'vp90':
      return plainLane(stream, vp9Codec);
    case 'av01':
      return plainLane(stream, av1Codec);
    default:
      return undefined;
  }
}

function audioCodecOf(
  { fourCc, sampleRate, channels, extradata }: NutStream,
  text: string,
): Codec | undefined {
  const name = AUDIO_NAMES[text] ?? AUDIO_NAMES[fourCc.toString('hex').slice(0, 4)];
  if (!name || !Number.isInteger(sampleRate) || sampleRate < 1 || channels < 1) return undefined;
  if (name === 'aac') return aacCodec(extradata);
  if (name === 'opus') return opusCodec(channels);
  return audioCodec(name, sampleRate, channels, name === 'flac' ? extradata : undefined);
}

/** Frames that are canonical as they come; the codec is known at once, or told by key frames. */
function plainLane(
  stream: NutStream,
  codecOf: (keyFrame: Buffer) => Codec | undefined,
  known?: Codec,
): NutLane {
  const stamp = createStamp(stream);
  let track: Track | undefined = known && { id: stream.id, codec: known };
  return {
    get track() {
      return track;
    },
    packet(frame) {
      if (!track && frame.key) {
        const codec = codecOf(frame.data);
        if (codec) track = { id: stream.id, codec };
      }
      return track && stamp(track, frame, frame.data, frame.key || stream.kind === 'audio');
    },
  };
}

/** H.264 and HEVC, as Annex B or with lengths; parameter sets in the header, in the frames, or both. */
function nalLane(stream: NutStream, name: 'h264' | 'hevc'): NutLane {
  const units = new UnitReader(name);
  if (stream.extradata[0] === 1) units.configure(stream.extradata);
  else units.canonical(stream.extradata);
  const stamp = createStamp(stream);
  let track: Track | undefined = units.codec && { id: stream.id, codec: units.codec };
  return {
    get track() {
      return track;
    },
    packet(frame) {
      const data = units.canonical(frame.data);
      if (units.codec && units.codec !== track?.codec) track = { id: stream.id, codec: units.codec };
      return track && data && stamp(track, frame, data, units.isKey(data));
    },
  };
}

function createStamp({ kind, timeBase: [numerator, denominator], decodeDelay }: NutStream) {
  const decodeTime = kind === 'video' ? new DecodeTime(VIDEO_TIME_BASE) : undefined;
  decodeTime?.setDepth(decodeDelay);
  return (track: Track, frame: NutFrame, data: Buffer, key: boolean): Packet | undefined => {
    const pts = Math.round((frame.pts * numerator * track.codec.timeBase) / denominator);
    if (!Number.isSafeInteger(pts)) return undefined;
    const dts = decodeTime?.next(pts) ?? pts;
    return { track, data, pts: Math.max(pts, dts), dts, duration: 0, key, time: Date.now() };
  };
}

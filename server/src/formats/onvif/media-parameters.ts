/**
 * A stream's pictures and sound in ONVIF's terms, from the tracks that its sources had when they were last open.
 * A stream that was never opened is described as recorders like it best: H.264 in full HD.
 */
import type { AudioCodec, VideoCodec } from '../../codecs/codec.ts';
import { parseAvcC, parseSps as parseH264Sps } from '../../codecs/h264.ts';
import { parseHvcC } from '../../codecs/hevc.ts';
import { parseSps as parseHevcSps } from '../../codecs/hevc-sps.ts';
import type { Stream } from '../../core/stream.ts';

export interface VideoParameters {
  readonly encoding: 'H264' | 'H265' | 'JPEG';
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** As tt:H264Profile and tr2's Profile write it; '' for JPEG. */
  readonly profile: string;
}

export interface AudioParameters {
  /** Of the first Media service. */
  readonly encoding: 'G711' | 'AAC';
  /** Of Media2, which takes the names of RTP. */
  readonly rtpName: 'PCMU' | 'PCMA' | 'MP4A-LATM';
  /** kHz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** kbit/s. */
  readonly bitrate: number;
}

export interface MediaParameters {
  readonly video: VideoParameters;
  /** Undefined: none, none that ONVIF has a name for, or not known. */
  readonly audio: AudioParameters | undefined;
}

const DEFAULT_VIDEO: VideoParameters = {
  ...{ encoding: 'H264', width: 1920, height: 1080, fps: 30, profile: 'Main' },
};
const ENCODINGS: Partial<Record<VideoCodec['name'], VideoParameters['encoding']>> = {
  h264: 'H264',
  hevc: 'H265',
  mjpeg: 'JPEG',
};
/** H.264 Table A: profile_idc to the names that ONVIF has. */
const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
};
const HEVC_MAIN_10 = 2;
const MAXIMUM_FPS = 240;

/** Reads the tracks of the stream's sources. */
export function mediaParametersOf(stream: Pick<Stream, 'sources'>): MediaParameters {
  const codecs = stream.sources.flatMap(({ liveTracks }) => liveTracks.map(({ track }) => track.codec));
  const video = codecs.find(
    (codec): codec is VideoCodec => codec.kind === 'video' && codec.name in ENCODINGS,
  );
  const audio = codecs.filter((codec) => codec.kind === 'audio').map(audioParameters);
  return { video: videoParameters(video), audio: audio.find((parameters) => parameters !== undefined) };
}

function videoParameters(codec: VideoCodec | undefined): VideoParameters {
  const encoding = codec && ENCODINGS[codec.name];
  if (!codec || !encoding) return DEFAULT_VIDEO;
  const { fps, profile } = parameterSet(codec);
  return {
    encoding,
    width: codec.width || DEFAULT_VIDEO.width,
    height: codec.height || DEFAULT_VIDEO.height,
    fps: fps && fps >= 1 && fps <= MAXIMUM_FPS ? fps : DEFAULT_VIDEO.fps,
    profile: profile ?? '',
  };
}

function parameterSet({ name, extradata }: VideoCodec): { fps?: number | undefined; profile?: string } {
  if (!extradata) return name === 'mjpeg' ? {} : { profile: 'Main' };
  if (name === 'h264') {
    const unit = parseAvcC(extradata)?.sps[0];
    const sps = unit && parseH264Sps(unit);
    return { fps: sps?.fps, profile: H264_PROFILES[sps?.profile ?? 0] ?? 'High' };
  }
  const unit = parseHvcC(extradata)?.sps[0];
  const sps = unit && parseHevcSps(unit);
  return { fps: sps?.fps, profile: sps?.profile === HEVC_MAIN_10 ? 'Main10' : 'Main' };
}

function audioParameters({ name, sampleRate, channels }: AudioCodec): AudioParameters | undefined {
  const common = { sampleRate: Math.max(1, Math.round(sampleRate / 1000)), channels };
  if (name === 'aac') return { ...common, encoding: 'AAC', rtpName: 'MP4A-LATM', bitrate: 64 * channels };
  if (name !== 'pcm_alaw' && name !== 'pcm_mulaw') return undefined;
  return {
    ...common,
    encoding: 'G711',
    rtpName: name === 'pcm_mulaw' ? 'PCMU' : 'PCMA',
    bitrate: Math.round((sampleRate * 8 * channels) / 1000),
  };
}

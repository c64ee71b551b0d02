/**
 * What a track carries: FFmpeg's codec names, the clock of its timestamps, and its parameter sets.
 *
 * `extradata` has the form that MP4 stores (ISO 14496-15 avcC and hvcC, ISO 14496-3 AudioSpecificConfig,
 * Opus-in-ISOBMFF dOps); parameter sets live here and nowhere else. `codecs/README.md` has the table per codec.
 */

export type VideoCodecName = 'h264' | 'hevc' | 'av1' | 'vp8' | 'vp9' | 'mjpeg' | 'rawvideo';
export type AudioCodecName =
  | 'aac'
  | 'opus'
  | 'mp3'
  | 'flac'
  | 'adpcm_g722'
  | 'pcm_alaw'
  | 'pcm_mulaw'
  | 'pcm_s16be'
  | 'pcm_s16le';
export type CodecName = VideoCodecName | AudioCodecName;

export interface VideoCodec {
  readonly kind: 'video';
  readonly name: VideoCodecName;
  /** Ticks a second of pts, dts and duration: 90000. */
  readonly timeBase: number;
  /** avcC, hvcC, av1C …; undefined for mjpeg and rawvideo. */
  readonly extradata?: Buffer | undefined;
  /** Pixels; 0 where not known. */
  readonly width: number;
  readonly height: number;
  /** rawvideo only: FFmpeg's pixel format, such as yuv420p. */
  readonly pixelFormat?: string | undefined;
}

export interface AudioCodec {
  readonly kind: 'audio';
  readonly name: AudioCodecName;
  /** Ticks a second of pts, dts and duration: the sample rate (48000 for opus). */
  readonly timeBase: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig, dOps, FLAC STREAMINFO (its 34 bytes, without a block header); undefined for PCM and mp3. */
  readonly extradata?: Buffer | undefined;
}

export type Codec = VideoCodec | AudioCodec;

/** Makes a video codec; the clock is 90 kHz. */
export function videoCodec(
  name: VideoCodecName,
  fields: { extradata?: Buffer; width?: number; height?: number; pixelFormat?: string } = {},
): VideoCodec {
  return { kind: 'video', name, timeBase: 90000, width: 0, height: 0, ...fields };
}

/** Makes an audio codec; the clock is the sample rate. */
export function audioCodec(
  name: AudioCodecName,
  sampleRate: number,
  channels = 1,
  extradata?: Buffer,
): AudioCodec {
  return { kind: 'audio', name, timeBase: sampleRate, sampleRate, channels, extradata };
}

/** Whether a decoder set up for `a` plays `b` without a new start: same name, clock, size, pixel format and parameter sets. */
export function sameCodec(a: Codec, b: Codec): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.timeBase !== b.timeBase) return false;
  if (a.kind === 'audio' && b.kind === 'audio' && a.channels !== b.channels) return false;
  if (a.kind === 'video' && b.kind === 'video' && !sameFrames(a, b)) return false;
  if (!a.extradata || !b.extradata) return a.extradata === b.extradata;
  return a.extradata.equals(b.extradata);
}

function sameFrames(a: VideoCodec, b: VideoCodec): boolean {
  return a.width === b.width && a.height === b.height && a.pixelFormat === b.pixelFormat;
}

/** A short name for logs and errors: `h264 1920x1080`, `aac 16000 Hz`, `opus 48000 Hz stereo`. */
export function describeCodec(codec: Codec): string {
  if (codec.kind === 'video')
    return codec.width ? `${codec.name} ${codec.width}x${codec.height}` : codec.name;
  return `${codec.name} ${codec.sampleRate} Hz${codec.channels === 2 ? ' stereo' : ''}`;
}

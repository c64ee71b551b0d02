/** What people call codecs and picture sizes. Pure. */
import type { CameraTrack } from './api-types.ts';

const TITLES: Readonly<Record<string, string>> = {
  h264: 'H264',
  hevc: 'H265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  mjpeg: 'MJPEG',
  rawvideo: 'Raw',
  aac: 'AAC',
  opus: 'Opus',
  mp3: 'MP3',
  flac: 'FLAC',
  adpcm_g722: 'G.722',
  pcm_alaw: 'G.711 A',
  pcm_mulaw: 'G.711 µ',
  pcm_s16be: 'PCM',
  pcm_s16le: 'PCM',
};

export function codecTitle(codec: string): string {
  return TITLES[codec] ?? codec.toUpperCase();
}

/** `1440p`; empty while the size is not known. A picture on its side counts by its shorter edge, too. */
export function sizeTitle({ width, height }: Pick<CameraTrack, 'width' | 'height'>): string {
  return width && height ? `${Math.min(width, height)}p` : '';
}

/** `H265 1440p`, `AAC 16 kHz` */
export function trackTitle(track: CameraTrack): string {
  const rate = track.sample_rate ? `${track.sample_rate / 1000} kHz` : '';
  return [codecTitle(track.codec), track.kind === 'video' ? sizeTitle(track) : rate]
    .filter(Boolean)
    .join(' ');
}

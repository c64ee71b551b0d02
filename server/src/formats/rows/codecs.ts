/** Which codecs several rows carry, as FFmpeg names. */

const PCM = ['pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'pcm_s16le'];

/** Of RTP payloads. */
export const RTP_CODECS: readonly string[] = [
  'h264',
  'hevc',
  'mjpeg',
  'aac',
  'opus',
  'pcm_alaw',
  'pcm_mulaw',
  'pcm_s16be',
  'adpcm_g722',
  'mp3',
];

/** Of MPEG transport streams. */
export const MPEGTS_CODECS: readonly string[] = [
  'h264',
  'hevc',
  'aac',
  'opus',
  'mp3',
  'pcm_alaw',
  'pcm_mulaw',
];

/** Of MP4. */
export const MP4_CODECS: readonly string[] = [
  'h264',
  'hevc',
  'av1',
  'vp8',
  'vp9',
  'mjpeg',
  'aac',
  'opus',
  'flac',
  'mp3',
  ...PCM,
];

/** Of the byte formats together. */
export const ALL_CODECS: readonly string[] = [
  'h264',
  'hevc',
  'av1',
  'vp8',
  'vp9',
  'mjpeg',
  'rawvideo',
  'aac',
  'opus',
  'mp3',
  'flac',
  'adpcm_g722',
  ...PCM,
];

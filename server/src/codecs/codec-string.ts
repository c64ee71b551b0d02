/**
 * The `codecs` parameter of a MIME type, as RFC 6381 and the codecs' own registrations spell it.
 */
import { AAC_OBJECT_TYPE, type AudioSpecificConfig, parseAudioSpecificConfig } from './aac.ts';
import { av1CodecString } from './av1.ts';
import type { AudioCodec, Codec } from './codec.ts';
import { h264CodecString } from './h264.ts';
import { hevcCodecString } from './hevc.ts';
import { vp9CodecString } from './vpx.ts';

/** The codec string of a track: `avc1.640029`, `mp4a.40.2`, `opus`; what MP4 has no name for goes by its FFmpeg name. */
export function codecString(codec: Codec): string {
  switch (codec.name) {
    case 'h264':
      return h264CodecString(codec);
    case 'hevc':
      return hevcCodecString(codec);
    case 'av1':
      return av1CodecString(codec);
    case 'vp9':
      return vp9CodecString(codec);
    case 'mjpeg':
      return 'mp4v.6C';
    case 'aac':
      return aacCodecString(codec);
    case 'mp3':
      return 'mp4a.6B';
    case 'pcm_alaw':
      return 'alaw';
    case 'pcm_mulaw':
      return 'ulaw';
    case 'pcm_s16be':
      return 'twos';
    case 'pcm_s16le':
      return 'sowt';
    default:
      return codec.name;
  }
}

function aacCodecString(codec: AudioCodec): string {
  const audio = codec.extradata && parseAudioSpecificConfig(codec.extradata);
  return `mp4a.40.${audio ? outerObjectType(audio) : AAC_OBJECT_TYPE.lc}`;
}

function outerObjectType({ objectType, sbr, ps }: AudioSpecificConfig): number {
  if (ps) return AAC_OBJECT_TYPE.ps;
  return sbr && objectType === AAC_OBJECT_TYPE.lc ? AAC_OBJECT_TYPE.sbr : objectType;
}

/**
 * What a track is transcoded to, for a viewer that does not take it: a pure function.
 *
 *   video   to h264, else mjpeg, else rawvideo: the first of these that the viewer takes
 *   audio   to the first codec in the viewer's own order that FFmpeg encodes
 *
 * A viewer that takes anything needs no transcode.
 */
import { AAC_OBJECT_TYPE, aacCodec, buildAudioSpecificConfig } from '../../codecs/aac.ts';
import {
  type AudioCodec,
  type AudioCodecName,
  audioCodec,
  type Codec,
  videoCodec,
} from '../../codecs/codec.ts';
import { OPUS_SAMPLE_RATE, opusCodec } from '../../codecs/opus.ts';
import type { CodecPattern, MediaRequest } from '../../core/model.ts';

const VIDEO_TARGETS = ['h264', 'mjpeg', 'rawvideo'] as const;
/** H.264 of more is not decoded everywhere (level 4.1), and JPEG of more does not fit in RTP (RFC 2435 §3.1.5). */
const MAXIMUM_SIDE = 1920;

const MPEG_SAMPLE_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];
const TELEPHONE_SAMPLE_RATE = 8000;
const G722_SAMPLE_RATE = 16000;
const MAXIMUM_CHANNELS = 2;

/** The codec to make of `from`; without extradata where only the encoder can tell it (h264, flac). Undefined where nothing fits. */
export function transcodeTarget(from: Codec, request: MediaRequest): Codec | undefined {
  if (request.kind !== from.kind) return undefined;
  if (from.kind === 'audio') return audioTarget(from, request.codecs);
  const name = VIDEO_TARGETS.find((target) => request.codecs.some((pattern) => pattern.name === target));
  return name && videoCodec(name, fittedSize(from.width, from.height));
}

/** Made smaller, if it has to be; sides are even, as subsampled colours want it. */
function fittedSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAXIMUM_SIDE / Math.max(width, height, 1));
  if (scale === 1) return { width, height };
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}

function audioTarget(from: AudioCodec, patterns: readonly CodecPattern[]): AudioCodec | undefined {
  for (const pattern of patterns) {
    const target = targetFor(from, pattern);
    if (target) return target;
  }
  return undefined;
}

function targetFor(from: AudioCodec, pattern: CodecPattern): AudioCodec | undefined {
  const name = pattern.name as AudioCodecName;
  const channels = pattern.channels ?? Math.min(from.channels, MAXIMUM_CHANNELS);
  /** The rate that the viewer asks for, else `usual`; undefined if the encoder does not have it. */
  const rate = (usual: number, possible?: readonly number[]): number | undefined => {
    const { sampleRate = usual } = pattern;
    return !possible || possible.includes(sampleRate) ? sampleRate : undefined;
  };
  const withRate = (sampleRate: number | undefined, count = channels): AudioCodec | undefined =>
    sampleRate === undefined ? undefined : audioCodec(name, sampleRate, count);
  if (channels > MAXIMUM_CHANNELS) return undefined;
  switch (name) {
    case 'opus':
      return rate(OPUS_SAMPLE_RATE, [OPUS_SAMPLE_RATE]) === undefined ? undefined : opusCodec(channels);
    case 'aac':
      return aac(withRate(rate(nearest(from.sampleRate, MPEG_SAMPLE_RATES), MPEG_SAMPLE_RATES)));
    case 'mp3':
      return withRate(rate(nearest(from.sampleRate, MPEG_SAMPLE_RATES), MPEG_SAMPLE_RATES));
    case 'pcm_alaw':
    case 'pcm_mulaw':
      return withRate(rate(TELEPHONE_SAMPLE_RATE), pattern.channels ?? 1);
    case 'pcm_s16be':
    case 'pcm_s16le':
    case 'flac':
      return withRate(rate(from.sampleRate));
    case 'adpcm_g722':
      return channels === 1 || pattern.channels === undefined
        ? withRate(rate(G722_SAMPLE_RATE, [G722_SAMPLE_RATE]), 1)
        : undefined;
    default:
      return undefined;
  }
}

function aac(plain: AudioCodec | undefined): AudioCodec | undefined {
  if (!plain) return undefined;
  const { sampleRate, channels } = plain;
  return aacCodec(buildAudioSpecificConfig({ objectType: AAC_OBJECT_TYPE.lc, sampleRate, channels }));
}

const nearest = (wanted: number, possible: readonly number[]): number =>
  possible.reduce((best, rate) => (Math.abs(rate - wanted) < Math.abs(best - wanted) ? rate : best));

/** The table of RTP payload formats: by codec for what we send, by encoding name for what we get. */
import type { Codec } from '../codecs/codec.ts';
import type { CarriedCodecs } from '../core/accepts.ts';
import type { CodecPattern } from '../core/model.ts';
import { aacPayload } from './aac.ts';
import {
  g722Payload,
  opusPayload,
  pcmAlawPayload,
  pcmMulawPayload,
  pcmS16bePayload,
  pcmS16lePayload,
} from './audio.ts';
import { h264Payload } from './h264.ts';
import { hevcPayload } from './hevc.ts';
import { jpegPayload } from './jpeg.ts';
import { latmPayload } from './latm.ts';
import { mp3Payload } from './mp3.ts';
import type { PayloadFormat, RtpFormat } from './payload.ts';

/** The first of a codec is the one we send it in. */
export const PAYLOAD_FORMATS: readonly PayloadFormat[] = [
  h264Payload,
  hevcPayload,
  jpegPayload,
  aacPayload,
  latmPayload,
  opusPayload,
  mp3Payload,
  pcmAlawPayload,
  pcmMulawPayload,
  pcmS16bePayload,
  pcmS16lePayload,
  g722Payload,
];

/** What RTP carries, in order of preference. */
export const RTP_CODECS: CarriedCodecs = { video: patternsOf('video'), audio: patternsOf('audio') };

function patternsOf(kind: PayloadFormat['kind']): CodecPattern[] {
  const formats = PAYLOAD_FORMATS.filter((format) => format.kind === kind);
  return [...new Set(formats.map(({ codec }) => codec))].map((name) => ({ name }));
}

/** How this codec is sent; undefined if it can't be. */
export function payloadFormatOf(codec: Pick<Codec, 'name'>): PayloadFormat | undefined {
  return PAYLOAD_FORMATS.find((format) => format.codec === codec.name);
}

/** How this SDP format is received; undefined if it can't be. */
export function payloadFormatNamed(encoding: string): PayloadFormat | undefined {
  return PAYLOAD_FORMATS.find(({ encodings }) => encodings.includes(encoding.toUpperCase()));
}

/** The codec of an SDP format; undefined for one we can't carry. */
export function codecOfFormat(format: RtpFormat): Codec | undefined {
  return payloadFormatNamed(format.encoding)?.parse(format);
}

/** How a codec is announced under this payload type; undefined for one that has no RTP payload format here. */
export function formatOfCodec(codec: Codec, payloadType: number): RtpFormat | undefined {
  return payloadFormatOf(codec)?.describe(codec, payloadType);
}

/**
 * How each codec travels in a transport stream: its stream type, and its bytes in a PES packet.
 *
 *   h264, hevc   AUD, parameter sets before a key frame, NAL units; each behind 00 00 00 01
 *   aac          ADTS header, access unit
 *   opus         control header 7F E0, size in bytes of FF … rest, packet
 *   mp3, G.711   as they are
 *
 * Source of truth: ISO 13818-1 §2.14 and §2.17 (H.264 and HEVC want the delimiters), ISO 14496-3 §1.A.2 (ADTS), "Opus in MPEG-TS" §4.
 */
import { buildAdtsHeader, parseAudioSpecificConfig } from '../../codecs/aac.ts';
import type { AudioCodec, Codec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import { parseHvcC } from '../../codecs/hevc.ts';
import { parseMp3Header } from '../../codecs/mp3.ts';
import { nalEnd } from '../../codecs/nal.ts';
import { opusPacketDuration } from '../../codecs/opus.ts';
import type { CarriedCodecs } from '../../core/accepts.ts';
import type { Packet } from '../../core/model.ts';
import { opusDescriptors, registrationDescriptor } from './tables.ts';
import { G711_SAMPLE_RATE, REGISTRATION, STREAM_ID, STREAM_TYPE } from './transport.ts';

/** Codecs that a transport stream of ours carries, in order of preference. */
export const MPEGTS_CODECS: CarriedCodecs = {
  video: [{ name: 'h264' }, { name: 'hevc' }],
  audio: [
    { name: 'aac' },
    { name: 'opus' },
    { name: 'mp3' },
    { name: 'pcm_alaw', sampleRate: G711_SAMPLE_RATE, channels: 1 },
    { name: 'pcm_mulaw', sampleRate: G711_SAMPLE_RATE, channels: 1 },
  ],
};

export interface Carriage {
  readonly streamType: number;
  readonly streamId: number;
  readonly descriptors: Buffer;
  /** The bytes of the packet in a PES packet, in pieces; undefined if it cannot be carried. */
  pieces(packet: Packet): Buffer[] | undefined;
  /** Ticks of the codec's clock that the packet lasts; 0 where not known (video). */
  duration(packet: Packet): number;
}

const NONE = Buffer.alloc(0);
const START_CODE = Buffer.from([0, 0, 0, 1]);
/** primary_pic_type 7 and pic_type 2: slices of any kind. */
const H264_DELIMITER = Buffer.from([0, 0, 0, 1, 0x09, 0xf0]);
const HEVC_DELIMITER = Buffer.from([0, 0, 0, 1, 0x46, 0x01, 0x50]);
const OPUS_CONTROL_HEADER = 0x7fe0;
const MPEG1_LEAST_SAMPLE_RATE = 32000;

/** How this codec travels; undefined if it cannot (AAC that ADTS has no words for, G.711 of another sample rate). */
export function carriageOf(codec: Codec): Carriage | undefined {
  switch (codec.name) {
    case 'h264': {
      const sets = codec.extradata && parseAvcC(codec.extradata);
      return video(STREAM_TYPE.h264, NONE, H264_DELIMITER, [...(sets?.sps ?? []), ...(sets?.pps ?? [])]);
    }
    case 'hevc': {
      const sets = codec.extradata && parseHvcC(codec.extradata);
      const all = [...(sets?.vps ?? []), ...(sets?.sps ?? []), ...(sets?.pps ?? [])];
      return video(STREAM_TYPE.hevc, registrationDescriptor(REGISTRATION.hevc), HEVC_DELIMITER, all);
    }
    case 'aac':
      return buildAdtsHeader(codec, 0) && aac(codec);
    case 'opus':
      return codec.channels <= 2 ? opus(codec.channels) : undefined;
    case 'mp3':
      return audio(
        codec.sampleRate < MPEG1_LEAST_SAMPLE_RATE ? STREAM_TYPE.mpeg2Audio : STREAM_TYPE.mpeg1Audio,
        ({ data }) => parseMp3Header(data)?.samples ?? 0,
      );
    case 'pcm_alaw':
    case 'pcm_mulaw': {
      const type = codec.name === 'pcm_alaw' ? STREAM_TYPE.pcmAlaw : STREAM_TYPE.pcmMulaw;
      const fits = codec.sampleRate === G711_SAMPLE_RATE && codec.channels === 1;
      return fits ? audio(type, ({ data }) => data.length) : undefined;
    }
    default:
      return undefined;
  }
}

function video(
  streamType: number,
  descriptors: Buffer,
  delimiter: Buffer,
  parameterSets: readonly Buffer[],
): Carriage {
  const sets = Buffer.concat(parameterSets.flatMap((set) => [START_CODE, set]));
  return {
    streamType,
    streamId: STREAM_ID.video,
    descriptors,
    pieces({ data, key }) {
      const pieces = key ? [delimiter, sets] : [delimiter];
      const headPieces = pieces.length;
      for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start))
        if (end > start) pieces.push(START_CODE, data.subarray(start, end));
      return pieces.length > headPieces ? pieces : undefined;
    },
    duration: () => 0,
  };
}

function audio(streamType: number, duration: Carriage['duration']): Carriage {
  return {
    streamType,
    streamId: STREAM_ID.audio,
    descriptors: NONE,
    pieces: ({ data }) => [data],
    duration,
  };
}

function aac(codec: AudioCodec): Carriage {
  const { frameLength = 1024 } = (codec.extradata && parseAudioSpecificConfig(codec.extradata)) ?? {};
  return {
    ...audio(STREAM_TYPE.adts, () => frameLength),
    pieces({ data }) {
      const header = buildAdtsHeader(codec, data.length);
      return header && [header, data];
    },
  };
}

function opus(channels: number): Carriage {
  return {
    streamType: STREAM_TYPE.privateData,
    streamId: STREAM_ID.privateStream1,
    descriptors: opusDescriptors(channels),
    pieces({ data }) {
      const sizeBytes = Math.floor(data.length / 255) + 1;
      const header = Buffer.alloc(2 + sizeBytes, 0xff);
      header.writeUInt16BE(OPUS_CONTROL_HEADER, 0);
      header[header.length - 1] = data.length % 255;
      return [header, data];
    },
    duration: ({ data }) => opusPacketDuration(data),
  };
}

/**
 * Sample entries: how a track says in its `stsd` what it carries.
 *
 *   codec   entry  configuration        source of truth
 *   h264    avc1   avcC                 ISO 14496-15 §5.4
 *   hevc    hvc1   hvcC                 ISO 14496-15 §8.4
 *   av1     av01   av1C                 AV1 Codec ISO Media File Format Binding §2.2
 *   vp9     vp09   vpcC                 VP Codec ISO Media File Format Binding §1
 *   aac     mp4a   esds, object 0x40    ISO 14496-14 §5.6, ISO 14496-1 §7.2.6
 *   mp3     mp4a   esds, 0x6B or 0x69   the same; MPEG-1 or MPEG-2 sample rates
 *   opus    Opus   dOps                 Encapsulation of Opus in ISO Base Media File Format §4.3
 *   flac    fLaC   dfLa                 Encapsulation of FLAC in ISO Base Media File Format §3.3
 */
import type { AudioCodec, Codec, VideoCodec } from '../../codecs/codec.ts';
import { describeCodec } from '../../codecs/codec.ts';
import type { CarriedCodecs } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import { box, fixed, fullBox, text, u8, u16, u32 } from './boxes.ts';

/** Codecs that MP4 carries. FLAC last: a camera's own compressed audio comes before PCM made into FLAC. */
export const MP4_CODECS: CarriedCodecs = {
  video: [{ name: 'h264' }, { name: 'hevc' }, { name: 'av1' }, { name: 'vp9' }],
  audio: [{ name: 'aac' }, { name: 'opus' }, { name: 'mp3' }, { name: 'flac' }],
};

/** Pixel aspect ratio, horizontal to vertical spacing. */
export type PixelAspect = readonly [horizontal: number, vertical: number];

/** The sample entry of a codec. Throws StreamError `unsupported` if MP4 cannot carry it or its configuration is missing. */
export function sampleEntry(codec: Codec, pixelAspect: PixelAspect): Buffer {
  switch (codec.name) {
    case 'h264':
      return visualEntry('avc1', codec, box('avcC', configuration(codec)), pixelAspect);
    case 'hevc':
      return visualEntry('hvc1', codec, box('hvcC', configuration(codec)), pixelAspect);
    case 'av1':
      return visualEntry('av01', codec, box('av1C', configuration(codec)), pixelAspect);
    case 'vp9':
      return visualEntry('vp09', codec, box('vpcC', codec.extradata ?? VP9_PROFILE_0), pixelAspect);
    case 'aac':
      return audioEntry('mp4a', codec, elementaryStream(0x40, configuration(codec)));
    case 'mp3':
      return audioEntry('mp4a', codec, elementaryStream(mp3ObjectType(codec)));
    case 'opus':
      return audioEntry('Opus', codec, box('dOps', configuration(codec)));
    case 'flac':
      return audioEntry('fLaC', codec, fullBox('dfLa', 0, 0, STREAMINFO_HEADER, configuration(codec)));
    default:
      throw new StreamError('unsupported', `mp4 cannot carry ${codec.name}`);
  }
}

/** objectTypeIndication of MPEG audio: MPEG-1 (32 kHz and up) or MPEG-2. */
export function mp3ObjectType(codec: AudioCodec): number {
  return codec.sampleRate >= 32000 ? 0x6b : 0x69;
}

/** vpcC: version 1, profile 0, level 1.0, 8 bit 4:2:0, BT.709. */
const VP9_PROFILE_0 = u8(1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0, 0);
/** FLAC metadata block header: last block, type 0, 34 bytes. */
const STREAMINFO_HEADER = u8(0x80, 0, 0, 34);

function configuration(codec: Codec): Buffer {
  if (codec.extradata?.length) return codec.extradata;
  throw new StreamError('unsupported', `${describeCodec(codec)} without its decoder configuration`);
}

function visualEntry(type: string, codec: VideoCodec, config: Buffer, pixelAspect: PixelAspect): Buffer {
  return box(
    type,
    u16(0, 0, 0, 1), // reserved, data_reference_index
    u32(0, 0, 0, 0),
    u16(codec.width, codec.height),
    fixed(72, 72), // resolution
    u32(0),
    u16(1), // frame_count
    Buffer.alloc(32), // compressorname
    u16(0x18, 0xffff), // depth, pre_defined
    config,
    box('pasp', u32(...pixelAspect)),
  );
}

function audioEntry(type: string, codec: AudioCodec, config: Buffer): Buffer {
  const sampleRate = codec.sampleRate <= 0xffff ? codec.sampleRate : 0;
  return box(
    type,
    u16(0, 0, 0, 1), // reserved, data_reference_index
    u32(0, 0),
    u16(Math.max(codec.channels, 1), 16), // channelcount, samplesize
    u32(0),
    fixed(sampleRate),
    config,
  );
}

function elementaryStream(objectType: number, decoderSpecificInfo?: Buffer): Buffer {
  const decoderConfig = descriptor(
    0x04,
    u8(objectType, 0x15, 0, 0, 0), // audio stream, bufferSizeDB 0
    u32(0, 0), // maxBitrate, avgBitrate: not known
    ...(decoderSpecificInfo ? [descriptor(0x05, decoderSpecificInfo)] : []),
  );
  return fullBox('esds', 0, 0, descriptor(0x03, u8(0, 0, 0), decoderConfig, descriptor(0x06, u8(2))));
}

/** ISO 14496-1 §8.3.3: the size takes seven bits of each byte. */
function descriptor(tag: number, ...parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  const size = payload.length;
  return Buffer.concat([
    u8(tag, 0x80 | (size >> 21), 0x80 | (size >> 14), 0x80 | (size >> 7), size & 0x7f),
    payload,
  ]);
}

/** `hdlr` of the track: handler type and name. */
export function handlerBox(kind: Codec['kind']): Buffer {
  const [type, name] = kind === 'video' ? ['vide', 'VideoHandler'] : ['soun', 'SoundHandler'];
  return fullBox('hdlr', 0, 0, u32(0), text(type as string), u32(0, 0, 0), text(`${name}\0`));
}

/**
 * Sample entries, read: what the `stsd` of a track says it carries. The twin of sample-entry.ts, which has the table
 * and the sources of truth; beyond that table, what other programs write:
 *
 *   avc3, hev1            parameter sets may stand in the samples alone     ISO 14496-15 §5.4.2.1, §8.4.1.1
 *   alaw ulaw sowt twos   PCM                                               QuickTime File Format, sound media
 *   ipcm                  pcmC: endianness, bits                            ISO 23003-5 §5
 *   vp08, jpeg, mp4v 0x6C
 *   encv, enca            encrypted: refused                                ISO 14496-12 §8.12
 */
import { aacCodec } from '../../codecs/aac.ts';
import { type AudioCodecName, audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import { parseHvcC } from '../../codecs/hevc.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { StreamError } from '../../core/errors.ts';
import { findBox, readBoxes } from './read-boxes.ts';

const VISUAL_HEADER_BYTES = 78;
const AUDIO_HEADER_BYTES = 28;
/** Of QuickTime sound descriptions, by their version. */
const AUDIO_EXTRA_BYTES: Readonly<Record<number, number>> = { 1: 16, 2: 36 };
const PCM_ENTRIES: Readonly<Record<string, AudioCodecName>> = {
  alaw: 'pcm_alaw',
  ulaw: 'pcm_mulaw',
  sowt: 'pcm_s16le',
  twos: 'pcm_s16be',
};
/** audioObjectType 34, Layer 3, as the first eleven bits of an AudioSpecificConfig: 31 and two more. */
const MP3_OBJECT_TYPE = (31 << 6) | 2;
const MAXIMUM_SAMPLE_RATE = 384000;

/** The first entry of an `stsd` payload that we know; undefined if there is none. Throws StreamError `unsupported` for encrypted ones. */
export function readSampleDescription(stsd: Buffer): { type: string; codec: Codec | undefined } {
  let type = '';
  for (const box of readBoxes(stsd, 8)) {
    type ||= box.type;
    if (box.type === 'encv' || box.type === 'enca') {
      throw new StreamError('unsupported', `mp4: encrypted media (${box.type})`);
    }
    const codec = readEntry(box.type, stsd.subarray(box.start, box.end));
    if (codec) return { type: box.type, codec };
  }
  return { type, codec: undefined };
}

function readEntry(type: string, payload: Buffer): Codec | undefined {
  switch (type) {
    case 'avc1':
    case 'avc2':
    case 'avc3':
    case 'avc4':
      return readVisual(
        payload,
        'avcC',
        (extradata, size) => parseAvcC(extradata) && videoCodec('h264', { ...size, extradata }),
      );
    case 'hvc1':
    case 'hev1':
      return readVisual(
        payload,
        'hvcC',
        (extradata, size) => parseHvcC(extradata) && videoCodec('hevc', { ...size, extradata }),
      );
    case 'av01':
      return readVisual(payload, 'av1C', (extradata, size) => videoCodec('av1', { ...size, extradata }));
    case 'vp09':
      return readVisual(payload, 'vpcC', (extradata, size) => videoCodec('vp9', { ...size, extradata }));
    case 'vp08':
      return readVisual(payload, '', (_, size) => videoCodec('vp8', size));
    case 'jpeg':
      return readVisual(payload, '', (_, size) => videoCodec('mjpeg', size));
    case 'mp4v':
      return readVisual(payload, 'esds', (esds, size) =>
        readElementaryStream(esds)?.objectType === 0x6c ? videoCodec('mjpeg', size) : undefined,
      );
    default:
      return readAudio(type, payload);
  }
}

function readVisual(
  payload: Buffer,
  configuration: string,
  read: (config: Buffer, size: { width: number; height: number }) => Codec | undefined,
): Codec | undefined {
  if (payload.length < VISUAL_HEADER_BYTES) return undefined;
  const size = { width: payload.readUInt16BE(24), height: payload.readUInt16BE(26) };
  if (!configuration) return read(payload, size);
  const config = findBox(payload.subarray(VISUAL_HEADER_BYTES), configuration);
  return config && read(Buffer.from(config), size);
}

function readAudio(type: string, payload: Buffer): Codec | undefined {
  if (payload.length < AUDIO_HEADER_BYTES) return undefined;
  const channels = payload.readUInt16BE(16);
  const sampleRate = payload.readUInt16BE(24);
  const children = payload.subarray(AUDIO_HEADER_BYTES + (AUDIO_EXTRA_BYTES[payload.readUInt16BE(8)] ?? 0));
  const codec = audioCodecOf(type, children, sampleRate, channels);
  const usable =
    codec &&
    codec.channels >= 1 &&
    codec.channels <= 8 &&
    codec.sampleRate > 0 &&
    codec.sampleRate <= MAXIMUM_SAMPLE_RATE;
  return usable ? codec : undefined;
}

function audioCodecOf(type: string, children: Buffer, sampleRate: number, channels: number) {
  const pcm = PCM_ENTRIES[type];
  if (pcm) return audioCodec(pcm, sampleRate, channels);
  switch (type) {
    case 'mp4a':
    case '.mp3': {
      const esds = findBox(children, 'esds') ?? findBox(children, 'wave', 'esds');
      return esds ? mpegAudio(esds, sampleRate, channels) : audioCodec('mp3', sampleRate, channels);
    }
    case 'Opus': {
      const dOps = findBox(children, 'dOps');
      if (!dOps || dOps.length < 11) return undefined;
      const isSurround = dOps[10] !== 0;
      const codec = opusCodec(dOps[1]);
      return isSurround ? { ...codec, extradata: Buffer.from(dOps) } : codec;
    }
    case 'fLaC':
      return flac(findBox(children, 'dfLa'));
    case 'ipcm': {
      const pcmC = findBox(children, 'pcmC');
      if (!pcmC || pcmC.length < 6 || pcmC[5] !== 16) return undefined;
      return audioCodec(pcmC[4]! & 1 ? 'pcm_s16le' : 'pcm_s16be', sampleRate, channels);
    }
    default:
      return undefined;
  }
}

function flac(dfLa: Buffer | undefined) {
  if (!dfLa || dfLa.length < 42 || (dfLa[4]! & 0x7f) !== 0) return undefined;
  const info = Buffer.from(dfLa.subarray(8, 42));
  const rateAndChannels = info.readUInt32BE(10);
  return audioCodec('flac', rateAndChannels >>> 12, ((rateAndChannels >> 9) & 7) + 1, info);
}

function mpegAudio(esds: Buffer, sampleRate: number, channels: number) {
  const stream = readElementaryStream(esds);
  if (!stream) return undefined;
  const { objectType, config } = stream;
  if (objectType === 0x69 || objectType === 0x6b) return audioCodec('mp3', sampleRate, channels);
  const isAac = objectType === 0x40 || (objectType >= 0x66 && objectType <= 0x68);
  if (!isAac || !config || config.length < 2) return undefined;
  const isMp3 = config.readUInt16BE(0) >> 5 === MP3_OBJECT_TYPE;
  return isMp3 ? audioCodec('mp3', sampleRate, channels) : aacCodec(Buffer.from(config));
}

const DESCRIPTOR = { elementaryStream: 3, decoderConfig: 4, decoderSpecific: 5 } as const;

/** objectTypeIndication and DecoderSpecificInfo of an `esds` payload: ISO 14496-1 §7.2.6. */
function readElementaryStream(esds: Buffer): { objectType: number; config: Buffer | undefined } | undefined {
  const stream = findDescriptor(esds.subarray(4), DESCRIPTOR.elementaryStream);
  if (!stream || stream.length < 3) return undefined;
  const flags = stream[2]!;
  let at = 3;
  if (flags & 0x80) at += 2;
  if (flags & 0x40) at += 1 + (stream[at] ?? 0);
  if (flags & 0x20) at += 2;
  const decoder = findDescriptor(stream.subarray(at), DESCRIPTOR.decoderConfig);
  if (!decoder || decoder.length < 13) return undefined;
  return {
    objectType: decoder[0]!,
    config: findDescriptor(decoder.subarray(13), DESCRIPTOR.decoderSpecific),
  };
}

function findDescriptor(data: Buffer, wanted: number): Buffer | undefined {
  let at = 0;
  while (at + 2 <= data.length) {
    const tag = data[at++]!;
    let size = 0;
    for (let count = 0; count < 4 && at < data.length; count++) {
      const byte = data[at++]!;
      size = (size << 7) | (byte & 0x7f);
      if (!(byte & 0x80)) break;
    }
    if (tag === wanted) return data.subarray(at, at + size);
    at += size;
  }
  return undefined;
}

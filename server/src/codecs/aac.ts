/**
 * AAC: AudioSpecificConfig and the ADTS header.
 *
 * Source of truth: ISO 14496-3 §1.6.2.1 (AudioSpecificConfig), §4.4.1 (GASpecificConfig, program_config_element),
 * §4.6.20 (ELDSpecificConfig), §1.A.2 (ADTS).
 *
 *   config: objectType:5 rate:4 channels:4 [SBR: rate:4 objectType:5] frameLength960:1 coreCoder:1 extension:1 …
 *   ADTS:   FFF:12 mpeg2:1 00 noCrc:1 objectType-1:2 rate:4 private:1 channels:3 0000 length:13 fullness:11 blocks-1:2 [crc:16]
 */
import { BitReader, BitWriter } from './bits.ts';
import { type AudioCodec, audioCodec } from './codec.ts';

/** audioObjectType of the kinds that are met. */
export const AAC_OBJECT_TYPE = { main: 1, lc: 2, ssr: 3, ltp: 4, sbr: 5, ld: 23, ps: 29, eld: 39 } as const;

export interface AudioSpecificConfig {
  /** audioObjectType of the core: 2 LC, 39 ELD … */
  readonly objectType: number;
  /** Hz of the core, which timestamps count: an HE-AAC stream of 48 kHz has a core of 24 kHz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of the core in one access unit: 1024 or 960, low delay 512 or 480. */
  readonly frameLength: number;
  /** Spectral band replication is signalled: HE-AAC. It may be there without a sign. */
  readonly sbr: boolean;
  /** Parametric stereo is signalled: HE-AAC v2, one channel that decodes to two. */
  readonly ps: boolean;
}

export interface AdtsHeader {
  readonly objectType: number;
  readonly sampleRate: number;
  /** 0: a program_config_element in the payload says; stereo as a rule. */
  readonly channels: number;
  /** 7, or 9 with a CRC. */
  readonly headerLength: number;
  /** Header and payload, bytes. */
  readonly frameLength: number;
  /** raw_data_blocks in the payload, each an access unit; 1 as a rule. */
  readonly blocks: number;
}

const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
] as const;
const EXPLICIT_RATE = 15;
const MAX_RATE = 192000;
/** Channels by channelConfiguration; 0 where it is none, or stands elsewhere. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8] as const;
const ESCAPED_OBJECT_TYPE = 31;
/** Object types that a GASpecificConfig describes. */
const GENERAL_AUDIO: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
/** Of those, the error resilient ones, with flags of their own and an epConfig behind. */
const ERROR_RESILIENT: ReadonlySet<number> = new Set([17, 19, 20, 21, 22, 23]);
const BSAC = 22;
const SYNC_EXTENSION_SBR = 0x2b7;
const SYNC_EXTENSION_PS = 0x548;
const ADTS_HEADER_BYTES = 7;
const MAX_ADTS_FRAME_BYTES = 8191;

/** Reads an AudioSpecificConfig; undefined if it is cut short, or of an object type other than AAC. */
export function parseAudioSpecificConfig(config: Buffer): AudioSpecificConfig | undefined {
  const bits = new BitReader(config);
  const audio = readAudioSpecificConfig(bits);
  return audio && readSyncExtension(bits, audio);
}

/** Reads an AudioSpecificConfig that stands among other bits, up to where its backward compatible extension would begin. */
export function readAudioSpecificConfig(bits: BitReader): AudioSpecificConfig | undefined {
  const start = bits.position;
  let objectType = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channelConfiguration = bits.bits(4);
  let channels: number = CHANNELS[channelConfiguration] ?? 0;
  const ps = objectType === AAC_OBJECT_TYPE.ps;
  let sbr = ps || objectType === AAC_OBJECT_TYPE.sbr;
  if (sbr) {
    readSampleRate(bits);
    objectType = readObjectType(bits);
    if (objectType === BSAC) bits.skip(4);
  }
  let short = false;
  if (GENERAL_AUDIO.has(objectType)) {
    short = bits.flag();
    if (bits.flag()) bits.skip(14);
    const extension = bits.flag();
    if (channelConfiguration === 0) channels = readProgramChannels(bits, start);
    if (objectType === 6 || objectType === 20) bits.skip(3);
    if (extension) skipExtension(bits, objectType);
  } else if (objectType === AAC_OBJECT_TYPE.eld) {
    short = bits.flag();
    bits.skip(3);
    sbr = bits.flag();
  } else {
    return undefined;
  }
  if (ERROR_RESILIENT.has(objectType)) bits.skip(2);
  if (bits.overrun || sampleRate === 0 || sampleRate > MAX_RATE || channels === 0) return undefined;
  const lowDelay = objectType === AAC_OBJECT_TYPE.ld || objectType === AAC_OBJECT_TYPE.eld;
  const frameLength = (short ? 960 : 1024) / (lowDelay ? 2 : 1);
  return { objectType, sampleRate, channels, frameLength, sbr, ps };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === ESCAPED_OBJECT_TYPE ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  return index === EXPLICIT_RATE ? bits.bits(24) : (SAMPLE_RATES[index] ?? 0);
}

function skipExtension(bits: BitReader, objectType: number): void {
  if (objectType === BSAC) bits.skip(16);
  else if (ERROR_RESILIENT.has(objectType) && objectType !== 21) bits.skip(3);
  bits.skip(1);
}

/** Counts the channels of a program_config_element; its comment is aligned to the start of the config. */
function readProgramChannels(bits: BitReader, start: number): number {
  bits.skip(4 + 2 + 4);
  const front = bits.bits(4);
  const side = bits.bits(4);
  const back = bits.bits(4);
  const lowFrequency = bits.bits(2);
  const associated = bits.bits(3);
  const coupling = bits.bits(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(3);
  let channels = lowFrequency;
  for (let i = 0; i < front + side + back; i++) {
    channels += bits.flag() ? 2 : 1;
    bits.skip(4);
  }
  bits.skip(lowFrequency * 4 + associated * 4 + coupling * 5);
  bits.skip((8 - ((bits.position - start) & 7)) & 7);
  bits.skip(bits.bits(8) * 8);
  return channels;
}

/**
 * Backward compatible signalling of SBR and PS, behind the config where old decoders don't look; reads nothing where it
 * is not.
 */
export function readSyncExtension(bits: BitReader, audio: AudioSpecificConfig): AudioSpecificConfig {
  if (audio.sbr || bits.bitsLeft < 16 || bits.peek(11) !== SYNC_EXTENSION_SBR) return audio;
  bits.skip(11);
  if (readObjectType(bits) !== AAC_OBJECT_TYPE.sbr || !bits.flag()) return audio;
  readSampleRate(bits);
  if (bits.bitsLeft < 12 || bits.peek(11) !== SYNC_EXTENSION_PS) return { ...audio, sbr: !bits.overrun };
  bits.skip(11);
  return { ...audio, sbr: true, ps: bits.flag() };
}

/** Builds an AudioSpecificConfig for object types 1 to 4 and ELD (39, without SBR). No channels means stereo. */
export function buildAudioSpecificConfig(audio: {
  readonly objectType: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameLength?: number;
}): Buffer {
  const { objectType, sampleRate, channels, frameLength } = audio;
  const bits = new BitWriter();
  if (objectType < ESCAPED_OBJECT_TYPE) bits.bits(objectType, 5);
  else {
    bits.bits(ESCAPED_OBJECT_TYPE, 5);
    bits.bits(objectType - 32, 6);
  }
  const index = rateIndex(sampleRate);
  bits.bits(index, 4);
  if (index === EXPLICIT_RATE) bits.bits(sampleRate, 24);
  bits.bits(channelConfigurationOf(channels) || 2, 4);
  bits.bits(frameLength === 960 || frameLength === 480 ? 1 : 0, 1);
  bits.bits(0, objectType === AAC_OBJECT_TYPE.eld ? 8 + 2 : 2);
  return bits.finish();
}

function rateIndex(sampleRate: number): number {
  const index = (SAMPLE_RATES as readonly number[]).indexOf(sampleRate);
  return index < 0 ? EXPLICIT_RATE : index;
}

function channelConfigurationOf(channels: number): number {
  return channels === 0 ? 0 : Math.max(0, (CHANNELS as readonly number[]).indexOf(channels));
}

/** The codec of an AudioSpecificConfig, which it keeps; the clock is the core's sample rate. Undefined if that cannot be read. */
export function aacCodec(config: Buffer): AudioCodec | undefined {
  const audio = parseAudioSpecificConfig(config);
  return audio && audioCodec('aac', audio.sampleRate, audio.channels, config);
}

/** Reads the ADTS header at this offset; undefined if it is cut short or is none. */
export function parseAdtsHeader(data: Buffer, offset = 0): AdtsHeader | undefined {
  if (offset + ADTS_HEADER_BYTES > data.length) return undefined;
  const head = data.readUInt32BE(offset);
  if (head >>> 20 !== 0xfff || ((head >> 17) & 3) !== 0) return undefined;
  const headerLength = (head >> 16) & 1 ? ADTS_HEADER_BYTES : ADTS_HEADER_BYTES + 2;
  const sampleRate = SAMPLE_RATES[(head >> 10) & 15];
  const frameLength = ((head & 3) << 11) | (data.readUInt16BE(offset + 4) >> 5);
  if (sampleRate === undefined || frameLength < headerLength) return undefined;
  return {
    objectType: ((head >> 14) & 3) + 1,
    sampleRate,
    channels: CHANNELS[(head >> 6) & 7]!,
    headerLength,
    frameLength,
    blocks: (data[offset + 6]! & 3) + 1,
  };
}

/**
 * Builds the 7-byte ADTS header of one access unit. Undefined where ADTS cannot say it: object types other than 1 to 4,
 * a sample rate out of its table, more than 8184 bytes of payload.
 */
export function buildAdtsHeader(codec: AudioCodec, payloadLength: number): Buffer | undefined {
  const audio = codec.extradata && parseAudioSpecificConfig(codec.extradata);
  const objectType = audio?.objectType ?? AAC_OBJECT_TYPE.lc;
  const rate = rateIndex(codec.sampleRate);
  const length = ADTS_HEADER_BYTES + payloadLength;
  if (objectType > 4 || rate === EXPLICIT_RATE || length > MAX_ADTS_FRAME_BYTES) return undefined;
  const configuration = channelConfigurationOf(codec.channels);
  const channels = configuration > 7 ? 0 : configuration;
  const header = Buffer.allocUnsafe(ADTS_HEADER_BYTES);
  header[0] = 0xff;
  header[1] = 0xf1;
  header[2] = ((objectType - 1) << 6) | (rate << 2) | (channels >> 2);
  header[3] = ((channels & 3) << 6) | (length >> 11);
  header[4] = (length >> 3) & 0xff;
  header[5] = ((length & 7) << 5) | 0x1f;
  header[6] = 0xfc;
  return header;
}

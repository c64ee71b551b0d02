/**
 * LATM: AAC access units with their configuration in a bit string, as RTP (RFC 6416 §6, MP4A-LATM) and LOAS carry them.
 *
 * Source of truth: ISO 14496-3 §1.7.3. One program of one layer; more is not met and not read.
 *
 *   AudioMuxElement: [sameConfig:1 [StreamMuxConfig]]  { length:8… payload }…  otherData  padding
 *                    └ only where muxConfigPresent (SDP's cpresent=1, and LOAS)
 */
import {
  AAC_OBJECT_TYPE,
  type AudioSpecificConfig,
  parseAudioSpecificConfig,
  readAudioSpecificConfig,
  readSyncExtension,
} from './aac.ts';
import { BitReader, sliceBits } from './bits.ts';

export interface StreamMuxConfig {
  /** AudioSpecificConfig in bytes of its own: the extradata of the codec. */
  readonly audioSpecificConfig: Buffer;
  readonly audio: AudioSpecificConfig;
  /** Came in an AudioMuxElement, so the next one says whether it still holds; else it came in SDP and always does. */
  readonly inBand: boolean;
  /** Access units in an AudioMuxElement, 1 to 64. */
  readonly subFrames: number;
  /** Bytes of each access unit, where they are all alike; 0: each has its length before it. */
  readonly fixedLength: number;
}

export interface AudioMuxElement {
  /** What the access units were read with; to be handed to the next call. */
  readonly config: StreamMuxConfig;
  /** Views of the input where they are aligned, else copies. */
  readonly frames: readonly Buffer[];
}

const LENGTH_PREFIXED = 0;
const LENGTH_FIXED = 1;
const FIXED_LENGTH_BASE = 20;
/** Type and fullness behind the AudioSpecificConfig. Observed: GStreamer's `config` ends in the middle of them. */
const TAIL_BITS = 3 + 8;

/** Reads the `config` of SDP's fmtp line, from hexadecimal to bytes; undefined if it is cut short or not supported. */
export function parseStreamMuxConfig(data: Buffer): StreamMuxConfig | undefined {
  return readStreamMuxConfig(data, new BitReader(data), false);
}

/**
 * Reads an AudioMuxElement. `config` is SDP's (the element then has none), or that of the element before, or undefined at the
 * start of a stream with its configuration inside. Undefined while there is no configuration, and for corrupt input.
 */
export function readLatmAudioMuxElement(
  data: Buffer,
  config: StreamMuxConfig | undefined,
): AudioMuxElement | undefined {
  const bits = new BitReader(data);
  const muxConfigPresent = !config || config.inBand;
  const changed = muxConfigPresent && !bits.flag();
  const current = changed ? readStreamMuxConfig(data, bits, true) : config;
  if (!current) return undefined;
  const frames: Buffer[] = [];
  for (let i = 0; i < current.subFrames; i++) {
    const length = current.fixedLength || readPayloadLength(bits);
    frames.push(bits.bytes(length * 8));
    if (bits.overrun) return undefined;
  }
  return { config: current, frames };
}

function readPayloadLength(bits: BitReader): number {
  let length = 0;
  let part: number;
  do {
    part = bits.bits(8);
    length += part;
  } while (part === 255);
  return length;
}

function readStreamMuxConfig(data: Buffer, bits: BitReader, inBand: boolean): StreamMuxConfig | undefined {
  const version = bits.bits(1);
  if (version === 1 && bits.flag()) return undefined;
  if (version === 1) readValue(bits);
  const sameTimeFraming = bits.flag();
  const subFrames = bits.bits(6) + 1;
  const programs = bits.bits(4) + 1;
  const layers = bits.bits(3) + 1;
  if (!sameTimeFraming || programs > 1 || layers > 1) return undefined;
  const config = version === 1 ? readSizedConfig(bits) : readInlineConfig(data, bits);
  if (!config || bits.overrun) return undefined;
  if (!inBand && bits.bitsLeft < TAIL_BITS) return { ...config, inBand, subFrames, fixedLength: 0 };

  const lengthType = bits.bits(3);
  let fixedLength = 0;
  if (lengthType === LENGTH_PREFIXED) bits.skip(8);
  else if (lengthType === LENGTH_FIXED) fixedLength = bits.bits(9) + FIXED_LENGTH_BASE;
  else return undefined;
  if (bits.flag()) skipOtherDataLength(bits, version);
  if (bits.flag()) bits.skip(8);
  return bits.overrun ? undefined : { ...config, inBand, subFrames, fixedLength };
}

type Config = Pick<StreamMuxConfig, 'audio' | 'audioSpecificConfig'>;

/**
 * Version 0 gives no length: the config ends where its syntax does, which for ELD is not followed here. Its backward
 * compatible extension cannot be taken for what follows: it begins with 010, a length type that is reserved.
 */
function readInlineConfig(data: Buffer, bits: BitReader): Config | undefined {
  const start = bits.position;
  const core = readAudioSpecificConfig(bits);
  if (!core || core.objectType === AAC_OBJECT_TYPE.eld) return undefined;
  const audio = readSyncExtension(bits, core);
  const audioSpecificConfig = Buffer.from(sliceBits(data, start, bits.position - start));
  return { audio, audioSpecificConfig };
}

function readSizedConfig(bits: BitReader): Config | undefined {
  const audioSpecificConfig = Buffer.from(bits.bytes(readValue(bits)));
  const audio = parseAudioSpecificConfig(audioSpecificConfig);
  return audio && { audio, audioSpecificConfig };
}

/** LatmGetValue(): a count of bytes in two bits, then the bytes. */
function readValue(bits: BitReader): number {
  return bits.bits(8 * (bits.bits(2) + 1));
}

function skipOtherDataLength(bits: BitReader, version: number): void {
  if (version === 1) {
    readValue(bits);
    return;
  }
  while (!bits.overrun && bits.flag()) bits.skip(8);
  bits.skip(8);
}

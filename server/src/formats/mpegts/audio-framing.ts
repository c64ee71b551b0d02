/**
 * Where audio frames begin and end in the bytes of PES packets, for each codec.
 *
 *   adts    FF F… │ length inside the header │ access unit
 *   loas    2B7:11 length:13 │ AudioMuxElement: one or more access units
 *   opus    3FF:11 startTrim:1 endTrim:1 extension:1 00 │ size FF … rest │ [trims:16] [extension: length:8 …] │ packet
 *   mp3     FF E… │ length follows from bit rate and sample rate
 *   G.711   whatever is there
 *
 * Source of truth: ISO 14496-3 §1.A.2 (ADTS), §1.7.2 (LOAS), "Opus in MPEG-TS" §4.2.
 */
import { type AdtsHeader, aacCodec, buildAudioSpecificConfig, parseAdtsHeader } from '../../codecs/aac.ts';
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import { readLatmAudioMuxElement, type StreamMuxConfig } from '../../codecs/latm.ts';
import { MP3_HEADER_BYTES, parseMp3Header } from '../../codecs/mp3.ts';
import { opusCodec, opusPacketDuration } from '../../codecs/opus.ts';
import { G711_SAMPLE_RATE } from './transport.ts';

/** Receives a frame and the samples it lasts, of the codec that the framing has now. */
export type EmitFrame = (frame: Buffer, samples: number) => void;

export interface AudioFraming {
  /** Undefined until it is known; another object when the configuration changes. */
  readonly codec: AudioCodec | undefined;
  /** The byte that a frame begins with; undefined where any byte will do. */
  readonly syncByte: number | undefined;
  /** Emits what begins at `at`, as views. Gives the bytes taken; 0: it is cut short; -1: no frame begins here. */
  read(data: Buffer, at: number, emit: EmitFrame): number;
}

const CUT_SHORT = 0;
const NO_FRAME = -1;

const ADTS_HEADER_BYTES = 7;

export function createAdtsFraming(): AudioFraming {
  let codec: AudioCodec | undefined;
  let known: AdtsHeader | undefined;
  const samplesOfBlock = 1024;
  return {
    syncByte: 0xff,
    get codec() {
      return codec;
    },
    read(data, at, emit) {
      if (at + ADTS_HEADER_BYTES > data.length) return CUT_SHORT;
      const header = parseAdtsHeader(data, at);
      if (!header) return NO_FRAME;
      const { objectType, sampleRate, channels, headerLength, frameLength, blocks } = header;
      if (at + frameLength > data.length) return CUT_SHORT;
      const same =
        known?.objectType === objectType && known.sampleRate === sampleRate && known.channels === channels;
      if (!same) {
        codec = aacCodec(buildAudioSpecificConfig(header));
        known = header;
      }
      if (frameLength > headerLength)
        emit(data.subarray(at + headerLength, at + frameLength), blocks * samplesOfBlock);
      return frameLength;
    },
  };
}

const LOAS_HEADER_BYTES = 3;
const LOAS_SYNC = 0x2b7;

export function createLoasFraming(): AudioFraming {
  let codec: AudioCodec | undefined;
  let config: StreamMuxConfig | undefined;
  return {
    syncByte: LOAS_SYNC >> 3,
    get codec() {
      return codec;
    },
    read(data, at, emit) {
      if (at + LOAS_HEADER_BYTES > data.length) return CUT_SHORT;
      const head = data.readUIntBE(at, LOAS_HEADER_BYTES);
      if (head >> 13 !== LOAS_SYNC) return NO_FRAME;
      const end = at + LOAS_HEADER_BYTES + (head & 0x1fff);
      if (end > data.length) return CUT_SHORT;
      const element = readLatmAudioMuxElement(data.subarray(at + LOAS_HEADER_BYTES, end), config);
      // Until the first configuration has come, elements that refer to it are no error.
      if (!element) return config ? NO_FRAME : end - at;
      if (!config?.audioSpecificConfig.equals(element.config.audioSpecificConfig))
        codec = aacCodec(element.config.audioSpecificConfig) ?? codec;
      config = element.config;
      for (const frame of element.frames) if (frame.length > 0) emit(frame, config.audio.frameLength);
      return end - at;
    },
  };
}

const OPUS_PREFIX = 0x3ff;
const OPUS_START_TRIM = 0x10;
const OPUS_END_TRIM = 0x08;
const OPUS_EXTENSION = 0x04;
/** More than any Opus packet: 120 ms of three frames' worth at the highest rate are under 8 kB. */
const MAX_OPUS_BYTES = 16 << 10;

export function createOpusFraming(channels: number): AudioFraming {
  return {
    syncByte: OPUS_PREFIX >> 3,
    codec: opusCodec(channels),
    read(data, start, emit) {
      if (start + 2 > data.length) return CUT_SHORT;
      if (data.readUInt16BE(start) >> 5 !== OPUS_PREFIX) return NO_FRAME;
      const flags = data[start + 1]!;
      let at = start + 2;
      let size = 0;
      let part = 255;
      while (part === 255) {
        if (at >= data.length) return CUT_SHORT;
        part = data[at++]!;
        size += part;
        if (size > MAX_OPUS_BYTES) return NO_FRAME;
      }
      if (flags & OPUS_START_TRIM) at += 2;
      if (flags & OPUS_END_TRIM) at += 2;
      if (flags & OPUS_EXTENSION) {
        if (at >= data.length) return CUT_SHORT;
        at += 1 + data[at]!;
      }
      if (at + size > data.length) return CUT_SHORT;
      const packet = data.subarray(at, at + size);
      const samples = opusPacketDuration(packet);
      if (samples === 0) return NO_FRAME;
      emit(packet, samples);
      return at + size - start;
    },
  };
}

export function createMp3Framing(): AudioFraming {
  let codec: AudioCodec | undefined;
  return {
    syncByte: 0xff,
    get codec() {
      return codec;
    },
    read(data, at, emit) {
      if (at + MP3_HEADER_BYTES > data.length) return CUT_SHORT;
      const header = parseMp3Header(data, at);
      if (!header) return NO_FRAME;
      const { bytes, samples, sampleRate, channels } = header;
      if (at + bytes > data.length) return CUT_SHORT;
      if (codec?.sampleRate !== sampleRate || codec.channels !== channels)
        codec = audioCodec('mp3', sampleRate, channels);
      emit(data.subarray(at, at + bytes), samples);
      return bytes;
    },
  };
}

export function createG711Framing(name: 'pcm_alaw' | 'pcm_mulaw'): AudioFraming {
  return {
    syncByte: undefined,
    codec: audioCodec(name, G711_SAMPLE_RATE),
    read(data, at, emit) {
      emit(data.subarray(at), data.length - at);
      return data.length - at;
    },
  };
}

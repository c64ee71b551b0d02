/**
 * Audio whose RTP payload is the audio itself: G.711, G.722 and L16 (RFC 3551 §4.5), Opus (RFC 7587).
 *
 * PCM is split at the packet size, in whole samples of all channels. L16 is big endian; our little-endian PCM is
 * swapped on its way out. G.722 has 16000 samples a second on an RTP clock of 8000, by a mistake that RFC 3551 keeps.
 */
import { type AudioCodec, type AudioCodecName, audioCodec, type Codec } from '../codecs/codec.ts';
import { opusCodec, opusPacketDuration } from '../codecs/opus.ts';
import type { Packet } from '../core/model.ts';
import { Slab } from '../util/slab.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  type RtpFormat,
  rtpFormat,
} from './payload.ts';

const SLAB_BYTES = 32 << 10;
const G722_SAMPLE_RATE = 16000;
const G722_CLOCK_RATE = 8000;
const MAX_CHANNELS = 8;
const MIN_SAMPLE_RATE = 4000;
const MAX_SAMPLE_RATE = 192000;

export const opusPayload: PayloadFormat = {
  codec: 'opus',
  kind: 'audio',
  encodings: ['OPUS'],
  parse: (format) => opusCodec(format.parameters.get('sprop-stereo') === '0' ? 1 : 2),
  describe: (codec, payloadType) =>
    rtpFormat(payloadType, 'OPUS', 48000, {
      channels: 2,
      parameters: (codec as AudioCodec).channels === 2 ? { 'sprop-stereo': '1' } : {},
    }),
  packetize: packetizeWhole,
  createDepacketizer: (format, emit) =>
    new WholeDepacketizer(opusPayload.parse(format), opusPacketDuration, emit),
};

export const g722Payload: PayloadFormat = {
  codec: 'adpcm_g722',
  kind: 'audio',
  encodings: ['G722'],
  parse: ({ channels }) => audioCodec('adpcm_g722', G722_SAMPLE_RATE, channels),
  describe: (_, payloadType) => rtpFormat(payloadType, 'G722', G722_CLOCK_RATE),
  packetize: packetizeWhole,
  createDepacketizer: (format, emit) =>
    new WholeDepacketizer(g722Payload.parse(format), (data) => data.length * 2, emit),
};

/** A-law and mu-law have static payload types at 8000 Hz; all PCM may have any rate and number of channels. */
export const pcmAlawPayload = pcmPayload('pcm_alaw', ['PCMA'], 1);
export const pcmMulawPayload = pcmPayload('pcm_mulaw', ['PCMU'], 1);
export const pcmS16bePayload = pcmPayload('pcm_s16be', ['L16'], 2);
/** Announced as L16. Some cameras announce little-endian samples as `PCM`. */
export const pcmS16lePayload: PayloadFormat = {
  ...pcmPayload('pcm_s16le', ['PCM', 'PCML'], 2),
  describe: (codec, payloadType) => pcmS16bePayload.describe(codec, payloadType),
  packetize: (packet, sink) => packetizePcm(packet, sink, 2, true),
};

function pcmPayload(name: AudioCodecName, encodings: readonly string[], sampleBytes: number): PayloadFormat {
  const parse = ({ clockRate, channels }: RtpFormat): AudioCodec | undefined => {
    if (clockRate < MIN_SAMPLE_RATE || clockRate > MAX_SAMPLE_RATE || channels > MAX_CHANNELS)
      return undefined;
    return audioCodec(name, clockRate, channels);
  };
  return {
    codec: name,
    kind: 'audio',
    encodings,
    parse,
    describe: (codec: Codec, payloadType) => {
      const { sampleRate, channels } = codec as AudioCodec;
      return rtpFormat(payloadType, encodings[0] ?? '', sampleRate, { channels });
    },
    packetize: (packet, sink) => packetizePcm(packet, sink, sampleBytes, false),
    createDepacketizer: (format, emit) => {
      const frameBytes = sampleBytes * format.channels;
      return new WholeDepacketizer(
        parse(format),
        (data) => Math.floor(data.length / frameBytes),
        emit,
        frameBytes,
      );
    },
  };
}

function packetizeWhole({ data }: Packet, sink: PacketSink): boolean {
  if (data.length === 0 || data.length > sink.maxPayload) return false;
  const at = sink.add(data.length);
  data.copy(sink.buffer, at);
  return true;
}

function packetizePcm(
  { data, track }: Packet,
  sink: PacketSink,
  sampleBytes: number,
  swap: boolean,
): boolean {
  const frameBytes = sampleBytes * (track.codec as AudioCodec).channels;
  const step = Math.floor(sink.maxPayload / frameBytes) * frameBytes;
  const length = data.length - (data.length % frameBytes);
  if (length === 0 || step === 0) return false;
  for (let from = 0; from < length; from += step) {
    const to = Math.min(from + step, length);
    const at = sink.add(to - from, from / frameBytes);
    data.copy(sink.buffer, at, from, to);
    if (swap) sink.buffer.subarray(at, at + to - from).swap16();
  }
  return true;
}

/** One payload, one packet: nothing can be lost but the packet. */
class WholeDepacketizer implements Depacketizer {
  readonly codec: Codec | undefined;
  readonly #durationOf: (data: Buffer) => number;
  readonly #emit: EmitUnit;
  readonly #multiple: number;
  readonly #slab = new Slab({ slabBytes: SLAB_BYTES });
  corrupt = 0;

  /** `multiple`: payloads are cut to a multiple of it. */
  constructor(codec: Codec | undefined, durationOf: (data: Buffer) => number, emit: EmitUnit, multiple = 1) {
    this.codec = codec;
    this.#durationOf = durationOf;
    this.#emit = emit;
    this.#multiple = multiple;
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number): void {
    const whole = end - ((end - start) % this.#multiple);
    if (whole <= start) {
      this.corrupt++;
      return;
    }
    this.#slab.append(bytes, start, whole);
    const data = this.#slab.take();
    this.#emit(data, timestamp, true, this.#durationOf(data), 0);
  }

  lost(): void {}
}

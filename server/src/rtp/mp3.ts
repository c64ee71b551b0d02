/**
 * MP3 in RTP: RFC 2250 §3.4 and §3.5 (MPA), on a clock of 90 kHz whatever the sample rate.
 *
 *   ┌ zero 16 │ fragment offset 16 ┬ frames …, or the part of one frame that begins at the offset ┐
 *
 * The sample rate and the channels stand in the frames (ISO 11172-3 §2.4.1.3, ISO 13818-3 for the lower rates):
 *
 *   FFE:11 version:2 layer:2 noCrc:1  bitrate:4 rate:2 padding:1 private:1  mode:2 …
 */
import { type AudioCodec, audioCodec } from '../codecs/codec.ts';
import type { Packet } from '../core/model.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  rtpFormat,
} from './payload.ts';
import { Slab } from './slab.ts';

const HEADER_BYTES = 4;
const FRAME_HEADER_BYTES = 4;
const CLOCK_RATE = 90000;
const SLAB_BYTES = 32 << 10;
const LAYER_3 = 1;
const VERSION_1 = 3;
const VERSION_2 = 2;
const VERSION_RESERVED = 1;
/** kbit/s of layer III by index; 0: free format or forbidden. */
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0] as const;
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0] as const;
const SAMPLE_RATES_1 = [44100, 48000, 32000, 0] as const;

export const mp3Payload: PayloadFormat = {
  codec: 'mp3',
  kind: 'audio',
  encodings: ['MPA'],
  parse: ({ channels }) => audioCodec('mp3', 44100, channels),
  describe: (_, payloadType) => rtpFormat(payloadType, 'MPA', CLOCK_RATE),
  packetize,
  createDepacketizer: (_, emit) => new Mp3Depacketizer(emit),
};

function packetize({ data }: Packet, sink: PacketSink): boolean {
  if (data.length === 0 || data.length > 0xffff) return false;
  const step = sink.maxPayload - HEADER_BYTES;
  for (let from = 0; from < data.length; from += step) {
    const to = Math.min(from + step, data.length);
    const at = sink.add(HEADER_BYTES + to - from);
    sink.buffer.writeUInt32BE(from, at);
    data.copy(sink.buffer, at + HEADER_BYTES, from, to);
  }
  return true;
}

interface FrameHeader {
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
}

/** Reads the header of a layer III frame; undefined for anything else. */
function parseFrameHeader(data: Buffer, at: number): FrameHeader | undefined {
  const head = data.readUInt32BE(at);
  const version = (head >> 19) & 3;
  if (head >>> 21 !== 0x7ff || version === VERSION_RESERVED || ((head >> 17) & 3) !== LAYER_3)
    return undefined;
  const bitrate = (version === VERSION_1 ? BITRATES_1 : BITRATES_2)[(head >> 12) & 15]!;
  const sampleRate =
    SAMPLE_RATES_1[(head >> 10) & 3]! / (version === VERSION_1 ? 1 : version === VERSION_2 ? 2 : 4);
  if (bitrate === 0 || sampleRate === 0) return undefined;
  const samples = version === VERSION_1 ? 1152 : 576;
  const bytes = Math.floor((samples * bitrate * 125) / sampleRate) + ((head >> 9) & 1);
  return { bytes, samples, sampleRate, channels: ((head >> 6) & 3) === 3 ? 1 : 2 };
}

class Mp3Depacketizer implements Depacketizer {
  readonly #emit: EmitUnit;
  readonly #slab = new Slab({ slabBytes: SLAB_BYTES });
  #codec: AudioCodec | undefined;
  #timestamp = 0;
  corrupt = 0;

  constructor(emit: EmitUnit) {
    this.#emit = emit;
  }

  get codec(): AudioCodec | undefined {
    return this.#codec;
  }

  lost(): void {
    this.#drop();
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number): void {
    const from = start + HEADER_BYTES;
    const offset = from <= end ? bytes.readUInt16BE(start + 2) : -1;
    if (offset <= 0) this.#drop();
    if (offset !== this.#slab.length || (offset > 0 && timestamp !== this.#timestamp)) {
      this.#drop();
      if (offset < 0) this.corrupt++;
      return;
    }
    this.#timestamp = timestamp;
    this.#slab.append(bytes, from, end);
    this.#takeFrames();
  }

  /** Emits the whole frames in the slab; the part of another one stays. */
  #takeFrames(): void {
    const slab = this.#slab;
    let ticks = 0;
    while (slab.length >= FRAME_HEADER_BYTES) {
      const header = parseFrameHeader(slab.buffer, slab.start);
      if (!header) {
        this.#drop();
        return;
      }
      if (slab.length < header.bytes) return;
      const { sampleRate, channels, samples } = header;
      if (sampleRate !== this.#codec?.sampleRate || channels !== this.#codec.channels)
        this.#codec = audioCodec('mp3', sampleRate, channels);
      this.#emit(slab.take(header.bytes), this.#timestamp, true, samples, ticks);
      ticks += samples;
    }
  }

  #drop(): void {
    if (this.#slab.length === 0) return;
    this.corrupt++;
    this.#slab.drop();
  }
}

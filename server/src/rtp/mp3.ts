/**
 * MP3 in RTP: RFC 2250 §3.4 and §3.5 (MPA), on a clock of 90 kHz whatever the sample rate.
 *
 *   ┌ zero 16 │ fragment offset 16 ┬ frames …, or the part of one frame that begins at the offset ┐
 *
 * The sample rate and the channels stand in the frames.
 */
import { type AudioCodec, audioCodec } from '../codecs/codec.ts';
import { MP3_HEADER_BYTES, parseMp3Header } from '../codecs/mp3.ts';
import type { Packet } from '../core/model.ts';
import { Slab } from '../util/slab.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  rtpFormat,
} from './payload.ts';

const HEADER_BYTES = 4;
const CLOCK_RATE = 90000;
const SLAB_BYTES = 32 << 10;

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
    while (slab.length >= MP3_HEADER_BYTES) {
      const header = parseMp3Header(slab.buffer, slab.start);
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

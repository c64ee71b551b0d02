/**
 * AAC in RTP as LATM: RFC 6416 §6 (MP4A-LATM). Cameras send it; we don't.
 *
 *   ┌ AudioMuxElement … ┐      or a part of one: the marker is on its last packet
 *
 * `cpresent=0`: the configuration is `config` of fmtp (a StreamMuxConfig); else it stands in the elements.
 */
import { aacCodec } from '../codecs/aac.ts';
import type { AudioCodec } from '../codecs/codec.ts';
import { parseStreamMuxConfig, readLatmAudioMuxElement, type StreamMuxConfig } from '../codecs/latm.ts';
import { Slab } from '../util/slab.ts';
import type { Depacketizer, EmitUnit, PayloadFormat, RtpFormat } from './payload.ts';

const MAX_ELEMENT_BYTES = 64 << 10;
const SLAB_BYTES = 32 << 10;

export const latmPayload: PayloadFormat = {
  codec: 'aac',
  kind: 'audio',
  encodings: ['MP4A-LATM'],
  parse: (format) => {
    const config = configOf(format);
    if (config) return codecOf(config);
    return {
      kind: 'audio',
      name: 'aac',
      timeBase: format.clockRate,
      sampleRate: format.clockRate,
      channels: format.channels,
    };
  },
  describe: () => undefined,
  packetize: () => false,
  createDepacketizer: (format, emit) => new LatmDepacketizer(format, emit),
};

function configOf(format: RtpFormat): StreamMuxConfig | undefined {
  const config = format.parameters.get('config');
  if (!config || format.parameters.get('cpresent') === '1') return undefined;
  return parseStreamMuxConfig(Buffer.from(config, 'hex'));
}

const codecOf = (config: StreamMuxConfig): AudioCodec | undefined => aacCodec(config.audioSpecificConfig);

class LatmDepacketizer implements Depacketizer {
  readonly #emit: EmitUnit;
  /** The element in progress. */
  readonly #slab = new Slab({ slabBytes: SLAB_BYTES });
  #config: StreamMuxConfig | undefined;
  #codec: AudioCodec | undefined;
  #timestamp = 0;
  #lost = false;
  corrupt = 0;

  constructor(format: RtpFormat, emit: EmitUnit) {
    this.#emit = emit;
    this.#config = configOf(format);
    this.#codec = this.#config && codecOf(this.#config);
  }

  get codec(): AudioCodec | undefined {
    return this.#codec;
  }

  lost(): void {
    this.#lost = true;
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void {
    if (this.#slab.length > 0 && timestamp !== this.#timestamp) this.#end();
    this.#timestamp = timestamp;
    if (this.#slab.length + end - start > MAX_ELEMENT_BYTES) this.#lost = true;
    else this.#slab.append(bytes, start, end);
    if (marker) this.#end();
  }

  #end(): void {
    const lost = this.#lost;
    this.#lost = false;
    const element = lost ? undefined : readLatmAudioMuxElement(this.#slab.take(), this.#config);
    if (lost) this.#slab.drop();
    if (!element) {
      this.corrupt++;
      return;
    }
    if (element.config !== this.#config) this.#configure(element.config);
    const { frameLength } = element.config.audio;
    for (const [index, frame] of element.frames.entries())
      if (frame.length > 0) this.#emit(frame, this.#timestamp, true, frameLength, index * frameLength);
  }

  #configure(config: StreamMuxConfig): void {
    const known = this.#config;
    this.#config = config;
    if (!known?.audioSpecificConfig.equals(config.audioSpecificConfig))
      this.#codec = codecOf(config) ?? this.#codec;
  }
}

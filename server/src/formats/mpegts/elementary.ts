/** The elementary streams of a PMT that we know: what they carry, and the reader for it. */
import type { Codec } from '../../codecs/codec.ts';
import {
  type AudioFraming,
  createAdtsFraming,
  createG711Framing,
  createLoasFraming,
  createMp3Framing,
  createOpusFraming,
} from './audio-framing.ts';
import { AudioReader } from './audio-reader.ts';
import { PesReader, type PesTimes } from './pes-reader.ts';
import type { PayloadReader } from './pid-reader.ts';
import { type ElementaryStream, opusChannelsOf, registrationOf } from './tables.ts';
import { CLOCK_WRAP, REGISTRATION, STREAM_TYPE, wrapTicks } from './transport.ts';
import { type Times, VideoReader } from './video-reader.ts';

/** A packet of a track that is not known yet. Times in ticks of the codec's clock. */
export interface Unit {
  readonly codec: Codec;
  readonly data: Buffer;
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly key: boolean;
}

/** The reader of one elementary stream. */
export interface ElementaryReader extends PayloadReader {
  /** Undefined until its parameter sets or its first frame have come. */
  readonly codec: Codec | undefined;
  /** The input has ended: emits what is whole. */
  flush(): void;
}

type VideoName = 'h264' | 'hevc';
type Coding = { readonly video: VideoName } | { readonly framing: () => AudioFraming };

const VIDEO_SLAB_BYTES = 256 << 10;
const AUDIO_SLAB_BYTES = 16 << 10;

function codingOf(stream: ElementaryStream): Coding | undefined {
  switch (stream.streamType) {
    case STREAM_TYPE.h264:
      return { video: 'h264' };
    case STREAM_TYPE.hevc:
      return { video: 'hevc' };
    case STREAM_TYPE.adts:
      return { framing: createAdtsFraming };
    case STREAM_TYPE.loas:
      return { framing: createLoasFraming };
    case STREAM_TYPE.mpeg1Audio:
    case STREAM_TYPE.mpeg2Audio:
      return { framing: createMp3Framing };
    case STREAM_TYPE.pcmAlaw:
      return { framing: () => createG711Framing('pcm_alaw') };
    case STREAM_TYPE.pcmMulaw:
      return { framing: () => createG711Framing('pcm_mulaw') };
    case STREAM_TYPE.privateData:
      return registeredCoding(stream);
    default:
      return undefined;
  }
}

/** Opus of more than two channels comes in several streams, which a track of ours does not hold. */
function registeredCoding(stream: ElementaryStream): Coding | undefined {
  const registration = registrationOf(stream);
  if (registration === REGISTRATION.hevc) return { video: 'hevc' };
  if (registration !== REGISTRATION.opus) return undefined;
  const channels = opusChannelsOf(stream) ?? 2;
  return channels <= 2 ? { framing: () => createOpusFraming(channels || 2) } : undefined;
}

/** Undefined for a stream that we do not know. */
export function kindOf(stream: ElementaryStream): 'video' | 'audio' | undefined {
  const coding = codingOf(stream);
  return coding && ('video' in coding ? 'video' : 'audio');
}

/** The reader of a stream that has a kind. `unwrap` is shared by all streams of a program. */
export function openElementaryStream(
  stream: ElementaryStream,
  unwrap: (ticks: number) => number,
  emit: (unit: Unit) => void,
): ElementaryReader | undefined {
  const coding = codingOf(stream);
  if (!coding) return undefined;
  const timesOf = (raw: PesTimes | undefined): Times | undefined => raw && unwrapTimes(raw, unwrap);
  if ('video' in coding) {
    const reader = new VideoReader(coding.video, (codec, data, pts, dts, key) =>
      emit({ codec, data, pts, dts, duration: 0, key }),
    );
    const pes = new PesReader((payload, raw) => reader.push(payload, timesOf(raw)), {
      lends: true,
      slabBytes: VIDEO_SLAB_BYTES,
    });
    return join(pes, reader, () => reader.flush());
  }
  const reader = new AudioReader(coding.framing(), (codec, data, pts, samples) =>
    emit({ codec, data, pts, dts: pts, duration: samples, key: true }),
  );
  const pes = new PesReader((payload, raw) => reader.push(payload, timesOf(raw)), {
    lends: false,
    slabBytes: AUDIO_SLAB_BYTES,
  });
  return join(pes, reader, () => {});
}

function join(pes: PesReader, reader: VideoReader | AudioReader, flush: () => void): ElementaryReader {
  return {
    get codec() {
      return reader.codec;
    },
    get corrupt() {
      return pes.corrupt + reader.corrupt;
    },
    push: (data, start, end, begins, stuffed) => pes.push(data, start, end, begins, stuffed),
    lost() {
      pes.lost();
      reader.lost();
    },
    flush() {
      pes.flush();
      flush();
    },
  };
}

/** Decode times are followed, where there are any; the presentation time is at or after its own. */
function unwrapTimes(raw: PesTimes, unwrap: (ticks: number) => number): Times {
  if (raw.dts === undefined) return { pts: unwrap(raw.pts), dts: undefined };
  const dts = unwrap(raw.dts);
  const ahead = wrapTicks(raw.pts - raw.dts);
  return { dts, pts: ahead < CLOCK_WRAP / 2 ? dts + ahead : dts };
}

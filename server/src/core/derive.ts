/**
 * Tracks made from other tracks in process: PCM of any kind to PCM of another law, byte order, rate or channel
 * count, and to FLAC for browsers. Anything else is a transcode, and a source of its own.
 */
import { type AudioCodec, audioCodec } from '../codecs/codec.ts';
import { createFlacEncoder, flacCodec } from '../codecs/flac.ts';
import { bytesPerSample, createPcmConverter } from '../codecs/pcm.ts';
import { StreamError } from './errors.ts';
import { type Packet, type Track, uniqueId } from './model.ts';
import { isPcm } from './negotiate.ts';

/** A converter of one track; stateful (resampler, sample counter). Undefined where a packet gives no whole sample yet. */
export interface Derivation {
  readonly track: Track;
  convert(packet: Packet): Packet | undefined;
}

/** Timestamps follow the count of samples, and are set anew when they are further than this from the input's. */
const RESYNC_SECONDS = 0.2;

/** Makes the track `to` from PCM packets of codec `from`. Throws StreamError `unsupported` for other codecs. */
export function derive(from: AudioCodec, to: AudioCodec): Derivation {
  const target = to.name === 'flac' ? flacCodec(to.sampleRate, to.channels) : to;
  const encode = supported(() => createEncoder(from, to));
  const track: Track = { id: uniqueId(), codec: target };
  let nextPts: number | undefined;
  return {
    track,
    convert(packet) {
      const { data, samples } = encode(packet.data);
      if (samples === 0) return undefined;
      const inputPts = Math.round((packet.pts / packet.track.codec.timeBase) * target.timeBase);
      if (nextPts === undefined || Math.abs(nextPts - inputPts) > RESYNC_SECONDS * target.timeBase) {
        nextPts = Math.max(inputPts, nextPts ?? inputPts);
      }
      const pts = nextPts;
      nextPts += samples;
      return { track, data, pts, dts: pts, duration: samples, key: true, time: packet.time };
    },
  };
}

/** The converters refuse rates and layouts that they cannot do with a RangeError. */
function supported<T>(create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (error instanceof RangeError) throw new StreamError('unsupported', error.message, error);
    throw error;
  }
}

function createEncoder(
  from: AudioCodec,
  to: AudioCodec,
): (data: Buffer) => { data: Buffer; samples: number } {
  if (to.name !== 'flac') {
    const convert = createPcmConverter(from, to);
    const frameBytes = bytesPerSample(to) * to.channels;
    return (input) => {
      const data = convert(input);
      return { data, samples: Math.floor(data.length / frameBytes) };
    };
  }
  const linear = audioCodec('pcm_s16le', to.sampleRate, to.channels);
  const toLinear = createPcmConverter(from, linear);
  const encoder = createFlacEncoder({ sampleRate: to.sampleRate, channels: to.channels });
  return (input) => {
    const pcm = toLinear(input);
    const samples = Math.floor(pcm.length / (2 * to.channels));
    return samples ? { data: encoder(pcm), samples } : { data: pcm, samples };
  };
}

/** A converter for a talk: from the microphone's codec to the loudspeaker's; the same codec passes as it is. */
export function createTalkConverter(
  from: AudioCodec,
  to: AudioCodec,
): (packet: Packet) => Packet | undefined {
  const alike = from.sampleRate === to.sampleRate && from.channels === to.channels;
  // Decoders of what is not PCM find the number of channels in the data.
  if (from.name === to.name && (alike || !isPcm(from))) return (packet) => packet;
  if (to.name === 'flac') throw new StreamError('unsupported', 'a loudspeaker cannot be fed with flac');
  return derive(from, to).convert;
}

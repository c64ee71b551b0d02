/** Sound for a loudspeaker, in packets of even length: what comes from files and browsers comes in any. */
import type { AudioCodec } from '../codecs/codec.ts';
import type { Packet } from '../core/model.ts';

const FRAME_SECONDS = 0.02;
/** A gap in the pts beyond this is silence, not jitter. */
const GAP_SECONDS = 0.1;

export interface Framer {
  push(packet: Packet): void;
  flush(): void;
}

/** Cuts PCM into frames of one size (20 ms unless said otherwise), lent for the call; other codecs have frames of their own, which pass. */
export function createFramer(codec: AudioCodec, emit: (packet: Packet) => void, bytes?: number): Framer {
  const bytesPerTick = bytesPerSample(codec);
  if (bytesPerTick === undefined) return { push: emit, flush: () => {} };
  const frameBytes = bytes ?? Math.round(codec.sampleRate * FRAME_SECONDS) * bytesPerTick;
  const frame = Buffer.alloc(frameBytes);
  let filled = 0;
  let pts = 0;
  let last: Packet | undefined;

  const flush = (): void => {
    if (!last || filled === 0) return;
    const duration = filled / bytesPerTick;
    emit({ ...last, data: frame.subarray(0, filled), pts, dts: pts, duration });
    pts += duration;
    filled = 0;
  };
  return {
    push(packet) {
      const gap = packet.pts - (pts + filled / bytesPerTick);
      if (!last || Math.abs(gap) > GAP_SECONDS * codec.timeBase) {
        flush();
        pts = packet.pts;
      }
      last = packet;
      for (let from = 0; from < packet.data.length; ) {
        const copied = packet.data.copy(frame, filled, from, from + frameBytes - filled);
        from += copied;
        filled += copied;
        if (filled === frameBytes) flush();
      }
    },
    flush,
  };
}

/** Bytes of a sample of all channels; undefined for codecs with frames. G.722 has two samples in a byte. */
function bytesPerSample({ name, channels }: AudioCodec): number | undefined {
  if (name === 'pcm_alaw' || name === 'pcm_mulaw') return channels;
  if (name === 'pcm_s16be' || name === 'pcm_s16le') return 2 * channels;
  return name === 'adpcm_g722' ? 0.5 : undefined;
}

/**
 * A talk to the camera's loudspeaker: audio packets in, RTP out (ONVIF Streaming §5.3).
 *
 * PCM is cut anew: into 20 ms, but A-law into 1024 bytes: Reolink doorbells play nothing else, and no camera minds.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import type { Packet, Talk } from '../../core/model.ts';
import { RtpBlockWriter } from '../../rtp/block.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { RtpSender } from '../../rtp/sender.ts';
import type { RtspSession } from './session.ts';

/** A connection with more than this waiting does not get audio away in time: what comes is left out. */
const MAX_QUEUED_BYTES = 64 * 1024;
const ALAW_FRAME_BYTES = 1024;
const FRAME_SECONDS = 0.02;
/** A gap in the pts beyond this is silence, not jitter. */
const GAP_SECONDS = 0.1;

/** Sends packets of `codec` as media `index` of a session that plays. `onClose` is called once. */
export function createTalk(
  session: RtspSession,
  index: number,
  { codec, format }: { readonly codec: AudioCodec; readonly format: RtpFormat },
  onClose: () => void,
): Talk {
  const writer = new RtpBlockWriter();
  const sender = new RtpSender({ codec, format, writer, channel: session.channelOf(index) });
  const send = (packet: Packet): void => {
    if (session.queuedBytes > MAX_QUEUED_BYTES) return;
    sender.send(packet);
    if (writer.count === 0) return;
    writer.mark();
    session.send(index, writer.take());
  };
  const framer = createFramer(codec, send);
  let open = true;
  return {
    write(packet) {
      if (open) framer.push(packet);
    },
    close() {
      if (!open) return;
      open = false;
      framer.flush();
      onClose();
    },
  };
}

interface Framer {
  push(packet: Packet): void;
  flush(): void;
}

/** Cuts PCM into frames of one size; other codecs have frames of their own, which pass. */
export function createFramer(codec: AudioCodec, emit: (packet: Packet) => void): Framer {
  const bytesPerTick = bytesPerSample(codec);
  if (bytesPerTick === undefined) return { push: emit, flush: () => {} };
  const frameBytes =
    codec.name === 'pcm_alaw'
      ? ALAW_FRAME_BYTES
      : Math.round(codec.sampleRate * FRAME_SECONDS) * bytesPerTick;
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

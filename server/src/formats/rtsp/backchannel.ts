/**
 * A talk to the camera's loudspeaker: audio packets in, RTP out (ONVIF Streaming §5.3).
 *
 * PCM is cut anew: into 20 ms, but A-law into 1024 bytes: Reolink doorbells play nothing else, and no camera minds.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import type { Packet, Talk } from '../../core/model.ts';
import { RtpBlockWriter } from '../../rtp/block.ts';
import { createFramer } from '../../rtp/framer.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { RtpSender } from '../../rtp/sender.ts';
import type { RtspSession } from './session.ts';

/** A connection with more than this waiting does not get audio away in time: what comes is left out. */
const MAX_QUEUED_BYTES = 64 * 1024;
const ALAW_FRAME_BYTES = 1024;

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
  const framer = createFramer(codec, send, codec.name === 'pcm_alaw' ? ALAW_FRAME_BYTES : undefined);
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

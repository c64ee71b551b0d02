/**
 * The loudspeaker of a peer that is a source: what a viewer says, as RTP to the section in which the peer receives sound.
 *
 *   talk: packets, pts from 0 ─▶ 20 ms each ─▶ payloads ─▶ track-sender
 *
 * All talks of a session are one RTP stream: its numbers go on, its timestamps jump over the pauses.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Backchannel, Packet, Peer, Talk, Track } from '../../core/model.ts';
import { createFramer } from '../../rtp/framer.ts';
import type { AgreedOutgoing } from './agreement.ts';
import { usableCodec } from './negotiation.ts';
import { PayloadMuxer } from './output.ts';
import { TrackSender } from './track-sender.ts';
import type { MediaTransport } from './transport.ts';

/** A path with more than this waiting does not get sound away in time: what comes is left out. */
const MAX_QUEUED_BYTES = 64 * 1024;

/** Undefined when the peer takes no sound. `peer`: its counter of bytes sent is kept. */
export function createLoudspeaker(
  sends: readonly AgreedOutgoing[],
  transport: MediaTransport,
  peer: Peer,
): Backchannel | undefined {
  const media = sends.find(({ kind }) => kind === 'audio');
  const offered = (media?.formats ?? []).flatMap((format) => {
    const codec = usableCodec(format);
    return codec?.kind === 'audio' ? [{ format, codec }] : [];
  });
  if (!media || offered.length === 0) return undefined;
  const startedMs = performance.now();
  let latest: TrackSender | undefined;

  const start = (codec: AudioCodec): Talk => {
    const found = offered.find(
      ({ codec: { name, sampleRate } }) => name === codec.name && sampleRate === codec.sampleRate,
    );
    if (!found) throw new StreamError('no_match', `the loudspeaker does not take ${codec.name}`);
    const { ssrc } = media;
    const srtp = transport.createSender(ssrc, found.format.payloadType);
    const sender = new TrackSender({ ssrc, srtp, nack: false, after: latest });
    latest = sender;
    const seconds = (performance.now() - startedMs) / 1000;
    const shift = Math.round(seconds * found.format.clockRate);
    let muxer: PayloadMuxer | undefined;
    let track: Track | undefined;
    let open = true;
    const send = (packet: Packet): void => {
      const { path } = transport;
      if (!path || path.queuedBytes > MAX_QUEUED_BYTES || latest !== sender) return;
      if (!muxer || track !== packet.track) {
        track = packet.track;
        muxer = new PayloadMuxer([track]);
      }
      const chunk = muxer.mux(packet);
      if (!chunk) return;
      const sending = sender.begin(chunk, shift);
      while (!sender.continue(sending, path));
      peer.bytesSent += chunk.bytes;
    };
    const framer = createFramer(codec, send);
    return {
      write(packet) {
        if (open) framer.push(packet);
      },
      close() {
        if (open) framer.flush();
        open = false;
      },
    };
  };
  return {
    codecs: offered.map(({ codec }) => codec),
    open: async (codec) => start(codec),
  };
}

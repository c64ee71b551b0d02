/**
 * The tracks of a stream on their way to one peer: for viewers (viewer.ts), and where we publish (publisher.ts).
 *
 *   connected ─▶ join: the packets since the last key frame, then live ─▶ media-sender ─▶ track-sender per track
 */
import { randomBytes } from 'node:crypto';
import type { Codec } from '../../codecs/codec.ts';
import { type Watch, watch } from '../../core/broadcast.ts';
import { toStreamError } from '../../core/errors.ts';
import type { Accepts, Peer, Viewer } from '../../core/model.ts';
import type { Selection } from '../../core/selection.ts';
import type { Stream } from '../../core/stream.ts';
import { goodbye, parseRtcp } from '../../rtp/rtcp.ts';
import type { RemoteFormat } from './description.ts';
import { MediaSender } from './media-sender.ts';
import { createPayloadOutput, type PayloadChunk, type PayloadMuxer } from './output.ts';
import { TrackSender } from './track-sender.ts';
import type { MediaTransport } from './transport.ts';

/** Of one track: what descriptions announce. */
export interface OutgoingSource {
  readonly ssrc: number;
  /** Of retransmissions, where the peer takes them in a stream of their own. */
  readonly rtxSsrc: number | undefined;
}

/** A track that goes to the peer, in the format that was agreed on. */
export interface OutgoingTrack extends OutgoingSource {
  readonly codec: Codec;
  readonly format: RemoteFormat;
}

export interface OutgoingMediaOptions {
  readonly stream: Stream;
  readonly peer: Peer;
  readonly transport: MediaTransport;
  readonly tracks: readonly OutgoingTrack[];
  /** Keeps the camera open until the broadcast is joined; released then. */
  readonly selection: Selection | undefined;
  /** The stream is gone for this peer; `close` is still to be called. */
  readonly onEnd: (reason?: Error) => void;
}

const REPORT_INTERVAL_MS = 2000;

export const createSource = (withRtx: boolean): OutgoingSource => ({
  ssrc: randomBytes(4).readUInt32BE(),
  rtxSsrc: withRtx ? randomBytes(4).readUInt32BE() : undefined,
});

export class OutgoingMedia implements Viewer<PayloadChunk> {
  readonly peer: Peer;
  readonly #options: OutgoingMediaOptions;
  readonly #left = new AbortController();
  #sender: MediaSender | undefined;
  #watch: Watch | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutgoingMediaOptions) {
    this.#options = options;
    this.peer = options.peer;
  }

  get queuedBytes(): number {
    return this.#sender?.queuedBytes ?? 0;
  }

  /** Media can flow. */
  async join(): Promise<void> {
    const { stream, tracks, selection, onEnd } = this.#options;
    if (tracks.length === 0) return;
    try {
      const output = createPayloadOutput(tracks.map(({ codec }) => requestOf(codec)));
      this.#watch = await watch(stream, output, this, this.#left.signal);
      this.#sender?.endBurst();
      this.#report();
      this.#timer = setInterval(() => this.#report(), REPORT_INTERVAL_MS);
    } catch (error) {
      onEnd(toStreamError(error));
    } finally {
      selection?.release();
      if (this.#left.signal.aborted) this.#stop();
    }
  }

  start(muxer: PayloadMuxer): void {
    this.#sender ??= this.#createSender(muxer);
    this.#sender.start(muxer);
  }

  write(chunk: PayloadChunk): void {
    this.#sender?.write(chunk);
  }

  close(reason?: Error): void {
    this.#options.onEnd(reason);
  }

  onRtcp(packet: Buffer): void {
    parseRtcp(packet, 0, packet.length, {
      nack: (ssrc, sequence) => this.#sender?.retransmit(ssrc, sequence),
      keyframeRequest: () => this.#options.stream.requestKeyframe(),
    });
  }

  /** The peer leaves, or we do: says good-bye for its tracks. */
  leave(): void {
    if (this.#left.signal.aborted) return;
    this.#left.abort();
    this.#stop();
    this.#options.selection?.release();
    this.#sender?.close();
    for (const { ssrc } of this.#options.tracks) this.#options.transport.sendRtcp(goodbye(ssrc));
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#watch?.close();
  }

  /** A sender for each track of the muxer. */
  #createSender(muxer: PayloadMuxer): MediaSender {
    const { tracks, transport } = this.#options;
    const senders = muxer.tracks.map(({ codec }) => {
      const outgoing = tracks.find((candidate) => candidate.codec.name === codec.name);
      if (!outgoing) return undefined;
      const { format, ssrc, rtxSsrc } = outgoing;
      const rtxType = format.rtxPayloadType;
      return new TrackSender({
        ssrc,
        srtp: transport.createSender(ssrc, format.payloadType),
        rtx:
          rtxSsrc === undefined || rtxType === undefined
            ? undefined
            : transport.createSender(rtxSsrc, rtxType),
        nack: format.feedback.includes('nack'),
      });
    });
    return new MediaSender(
      () => transport.path,
      senders,
      () => this.#report(),
    );
  }

  #report(): void {
    for (const report of this.#sender?.reports() ?? []) this.#options.transport.sendRtcp(report);
  }
}

/** The codec of a track that was matched, and no other. */
function requestOf(codec: Codec): Accepts[number] {
  const { kind, name } = codec;
  if (kind === 'video') return { kind, codecs: [{ name }] };
  return { kind, codecs: [{ name, sampleRate: codec.sampleRate, channels: codec.channels }] };
}

/**
 * A publishing session (WHIP, RFC 9725, or WebSocket): the peer's tracks become a producer of the stream.
 *
 *   RTP ─▶ receiver per section ─▶ packets, held until all tracks are known ─▶ stream.publish
 */

import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import type { Peer, Producer, Track } from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { rtpPayloadType } from '../../rtp/packet.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import { parseRtcp } from '../../rtp/rtcp.ts';
import type { AnsweredMedia } from './answer.ts';
import { maximumBitrate } from './maximum-bitrate.ts';
import { sendingMedias, usableCodec } from './negotiation.ts';
import type { SessionContext, SessionSide } from './session.ts';
import type { MediaTransport } from './transport.ts';

const CODECS_TIMEOUT_MS = 5000;
const KEYFRAME_INTERVAL_MS = 2000;
const REPORT_INTERVAL_MS = 1000;
const SILENCE_TIMEOUT_MS = 15_000;
const MAX_HELD_BYTES = 16 << 20;
/** What a peer may send: more than any camera does. */
const BITS_A_SECOND = 20e6;

/** Finds what can be taken. Throws StreamError `no_match`. */
export function openIngest(context: SessionContext): SessionSide {
  const medias = sendingMedias(context.offer).flatMap((media) => {
    const format = media.formats.find((candidate) => usableCodec(candidate)?.kind === media.kind);
    return format ? [{ media, formats: [format], sends: false, receives: true }] : [];
  });
  if (medias.length === 0) {
    const names = new Set(
      sendingMedias(context.offer).flatMap(({ formats }) => formats.map(({ encoding }) => encoding)),
    );
    throw new StreamError('no_match', `no media that can be taken: ${[...names].join(', ') || 'none'}`);
  }
  return new IngestSide(context, medias);
}

class IngestSide implements SessionSide {
  readonly medias: readonly AnsweredMedia[];
  readonly transport: MediaTransport;
  readonly #context: SessionContext;
  readonly #receivers: readonly RtpReceiver[];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #left = new AbortController();
  readonly #input = new HeldInput({ onFull: () => this.#publish(), maximumBytes: MAX_HELD_BYTES });
  #published = false;
  #heardMs = performance.now();

  constructor(context: SessionContext, medias: readonly AnsweredMedia[]) {
    this.#context = context;
    this.medias = medias;
    const clock = new MediaClock();
    this.#receivers = medias.map(
      ({ formats: [format] }, id) =>
        new RtpReceiver({
          id,
          format: format!,
          clock,
          reorder: true,
          write: this.#input.write,
        }),
    );
    this.transport = context.connect({
      onConnected: () => this.#connected(),
      onRtp: (packet) => this.#onRtp(packet),
      onRtcp: (packet) => this.#onRtcp(packet),
    });
  }

  close(reason?: Error): void {
    if (this.#left.signal.aborted) return;
    for (const timer of this.#timers) clearInterval(timer);
    this.#input.end(reason);
    this.#left.abort();
    this.#context.end(reason);
  }

  #connected(): void {
    this.#heardMs = performance.now();
    this.#timers.push(
      setInterval(() => this.#report(), REPORT_INTERVAL_MS),
      setInterval(() => this.#requestKeyframes(), KEYFRAME_INTERVAL_MS),
      setTimeout(() => this.#publish(), CODECS_TIMEOUT_MS),
    );
  }

  #onRtp(packet: Buffer): void {
    const nowMs = performance.now();
    const type = rtpPayloadType(packet, 0);
    const receiver = this.#receivers.find(({ format }) => format.payloadType === type);
    if (!receiver) return;
    this.#heardMs = nowMs;
    this.#context.peer.bytesReceived += packet.length;
    receiver.push(packet, 0, packet.length, nowMs);
    if (!this.#published && this.#receivers.every(({ track }) => track)) this.#publish();
  }

  #onRtcp(packet: Buffer): void {
    const nowMs = performance.now();
    for (const receiver of this.#receivers) receiver.pushRtcp(packet, 0, packet.length, nowMs);
    const gone = new Set<number>();
    parseRtcp(packet, 0, packet.length, { goodbye: (ssrc) => void gone.add(ssrc) });
    const sources = this.#receivers.flatMap(({ ssrc }) => ssrc ?? []);
    if (sources.length > 0 && sources.every((ssrc) => gone.has(ssrc))) this.close();
  }

  /** Hands the producer on, with the tracks that are known. */
  #publish(): void {
    if (this.#published) return;
    this.#published = true;
    const tracks = this.#receivers.flatMap(({ track }) => track ?? []);
    if (tracks.length === 0) {
      this.close(new StreamError('timeout', 'webrtc: the peer sent no media in time'));
      return;
    }
    const producer = this.#producer(tracks, this.#context.peer);
    this.#context.stream.publish(producer, this.#left.signal).then(
      () => this.close(),
      (error) => this.close(error),
    );
  }

  #producer(tracks: readonly Track[], peer: Peer): Producer {
    return {
      peer,
      tracks,
      run: (write, signal) => this.#input.run(tracks, write, signal),
      requestKeyframe: (trackId) => {
        const request = this.#receivers[trackId]?.keyframeRequest();
        if (request) this.transport.sendRtcp(request);
      },
    };
  }

  #requestKeyframes(): void {
    for (const [index, { media }] of this.medias.entries()) {
      const request = media.kind === 'video' && this.#receivers[index]!.keyframeRequest();
      if (request) this.transport.sendRtcp(request);
    }
  }

  #report(): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardMs > SILENCE_TIMEOUT_MS) {
      this.close(new StreamError('stalled', 'webrtc: the peer sends no media'));
      return;
    }
    this.#context.peer.corrupt = this.#receivers.reduce((sum, { corrupt }) => sum + corrupt, 0);
    for (const receiver of this.#receivers) {
      const report = receiver.receiverReport(nowMs);
      if (report) this.transport.sendRtcp(report);
    }
    const sources = this.#receivers.flatMap(({ ssrc }) => ssrc ?? []);
    if (sources.length > 0) this.transport.sendRtcp(maximumBitrate(0, sources, BITS_A_SECOND));
  }
}

/**
 * A publishing session (WHIP, RFC 9725, or WebSocket): the peer's tracks become a producer of the stream.
 *
 *   RTP ─▶ media-receiver ─ all tracks known ─▶ stream.publish
 */
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import type { AnsweredMedia } from './answer.ts';
import { MediaReceiver } from './media-receiver.ts';
import { sendingMedias, usableCodec } from './negotiation.ts';
import type { SessionContext, SessionSide } from './session.ts';
import type { MediaTransport } from './transport.ts';

const KEYFRAME_INTERVAL_MS = 2000;

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
  readonly #receiver: MediaReceiver;
  readonly #left = new AbortController();

  constructor(context: SessionContext, medias: readonly AnsweredMedia[]) {
    this.#context = context;
    this.medias = medias;
    this.#receiver = new MediaReceiver({
      medias: medias.map(({ media, formats }) => ({ kind: media.kind as 'video' | 'audio', formats })),
      peer: context.peer,
      keyframeIntervalMs: KEYFRAME_INTERVAL_MS,
      sendRtcp: (packet) => this.transport.sendRtcp(packet),
      onReady: () => this.#publish(),
      onEnd: (reason) => this.close(reason),
    });
    this.transport = context.connect({
      onConnected: () => this.#receiver.start(),
      onRtp: (packet) => this.#receiver.push(packet),
      onRtcp: (packet) => this.#receiver.pushRtcp(packet),
    });
  }

  close(reason?: Error): void {
    if (this.#left.signal.aborted) return;
    this.#receiver.close(reason);
    this.#left.abort();
    this.#context.end(reason);
  }

  /** Hands the producer on, with the tracks that are known. */
  #publish(): void {
    const { tracks } = this.#receiver;
    const producer: Producer = {
      peer: this.#context.peer,
      tracks,
      run: (write, signal) => this.#receiver.run(tracks, write, signal),
      requestKeyframe: (trackId) => this.#receiver.requestKeyframe(trackId),
    };
    this.#context.stream.publish(producer, this.#left.signal).then(
      () => this.close(),
      (error) => this.close(error),
    );
  }
}

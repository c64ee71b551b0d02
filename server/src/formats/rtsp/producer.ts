/**
 * An RTSP camera as a source: `rtsp://`, `rtsps://` (TLS, verified unless the host is an address), `rtspx://` (TLS, not
 * verified).
 *
 *   open   DESCRIBE, SETUP, PLAY; packets are kept from the first one on
 *   run    what was kept, then what comes, until the camera ends it or nobody wants it
 *
 * The loudspeaker has a session of its own, opened when somebody talks: the picture is not disturbed, and cameras that
 * lend their loudspeaker to one client at a time are not blocked by viewers. Cameras that refuse a second session get
 * the first one opened anew with the loudspeaker in it; the picture stops for a moment, and it stays in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AudioCodec } from '../../codecs/codec.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import {
  type Backchannel,
  createPeer,
  type Peer,
  type Producer,
  type Talk,
  type Track,
  type WritePacket,
} from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import type { OpenContext, OpenProducer } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { createTalk } from './backchannel.ts';
import { Intake } from './intake.ts';
import { parseOptions } from './options.ts';
import {
  createSession,
  type Playback,
  type PlaybackContext,
  type PlaybackPlan,
  setUpLoudspeaker,
  startPlayback,
} from './playback.ts';
import { sameOutgoing, selectMedias } from './selection.ts';
import { BACKCHANNEL_FEATURE, type RtspSession } from './session.ts';

/** All steps of opening together, in time-outs of one step. */
const OPEN_TIMEOUTS = 3;
/** What a camera with one session gets to end it. */
const REOPEN_PAUSE_MS = 300;

export const open: OpenProducer = async (source: SourceText, context: OpenContext): Promise<Producer> => {
  const options = parseOptions(source);
  const intake = new Intake();
  const clock = new MediaClock();
  const deadlineMs = options.timeoutMs * OPEN_TIMEOUTS;
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StreamError('timeout', `not open within ${deadlineMs / 1000} s`)),
    deadlineMs,
  );
  const signal = AbortSignal.any([context.signal, deadline.signal]);
  const plan: PlaybackPlan = { options, lower: options.lower ?? 'tcp', twoWay: options.twoWay };
  try {
    const playback = await startPlayback(plan, { intake, clock, signal, log: context.log });
    const allowedSilenceMs = source.options.has('timeout') ? options.timeoutMs : undefined;
    return new RtspProducer(plan, playback, { intake, clock, log: context.log }, allowedSilenceMs);
  } finally {
    clearTimeout(timer);
  }
};

class RtspProducer implements Producer {
  readonly peer: Peer;
  readonly tracks: readonly Track[];
  readonly backchannel: Backchannel | undefined;
  readonly allowedSilenceMs: number | undefined;
  readonly #plan: PlaybackPlan;
  readonly #context: Omit<PlaybackContext, 'signal'>;
  readonly #ended = Promise.withResolvers<StreamError>();
  readonly #stopped = new AbortController();
  readonly #talks = new Set<Talk>();
  #playback: Playback;
  #reopened: Promise<void> = Promise.resolve();
  /** Why the loudspeaker could not be had in the session of the picture either: that is not tried again. */
  #refusal: StreamError | undefined;

  constructor(
    plan: PlaybackPlan,
    playback: Playback,
    context: Omit<PlaybackContext, 'signal'>,
    allowedSilenceMs: number | undefined,
  ) {
    this.allowedSilenceMs = allowedSilenceMs;
    this.#plan = { ...plan, lower: playback.session.lower };
    this.#context = context;
    this.#playback = playback;
    this.tracks = playback.receivers.flatMap(({ track }) => track ?? []);
    this.peer = this.#createPeer(playback.session);
    const { loudspeaker } = playback;
    if (loudspeaker.length > 0) {
      const codecs = loudspeaker.map(({ codec }) => codec);
      this.backchannel = { codecs, open: (codec, signal) => this.#openTalk(codec, signal) };
    }
    if (this.tracks.length === 0) void playback.session.close();
    else this.#watch(playback.session);
  }

  async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    const { intake } = this.#context;
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (!signal.aborted) intake.drainTo(write);
    const failure = await Promise.race([aborted, this.#ended.promise]);
    intake.close();
    this.#stopped.abort(new StreamError('aborted', 'source stopped'));
    for (const talk of this.#talks) talk.close();
    await this.#reopened;
    await this.#playback.session.close();
    if (failure) throw failure;
  }

  requestKeyframe(trackId: number): void {
    const { session, receivers } = this.#playback;
    const receiver = receivers.find(({ id }) => id === trackId);
    if (receiver) session.requestKeyframe(receiver);
  }

  #watch(session: RtspSession): void {
    void session.ended.then((error) => {
      if (session === this.#playback.session) this.#ended.resolve(error);
    });
  }

  #createPeer(session: RtspSession): Peer {
    const peer = createPeer({
      format: 'rtsp',
      protocol: this.#plan.options.webSocket ? 'ws' : `rtsp+${session.lower}`,
      remoteAddress: session.remoteAddress,
      url: session.url,
      sdp: session.sdpText,
    });
    return Object.defineProperties(peer, {
      bytesReceived: { enumerable: true, get: () => this.#playback.session.bytesReceived },
      bytesSent: { enumerable: true, get: () => this.#playback.session.bytesSent },
      corrupt: { enumerable: true, get: () => corruptOf(this.#playback) },
    });
  }

  /** In a session of its own, or in that of the picture where the camera wants it so. */
  async #openTalk(codec: AudioCodec, signal: AbortSignal): Promise<Talk> {
    const either = AbortSignal.any([signal, this.#stopped.signal]);
    await this.#reopened;
    if (this.#playback.talk) return this.#talkInside(codec);
    try {
      return await this.#talkBeside(codec, either);
    } catch (error) {
      const failure = toStreamError(error);
      if (either.aborted || failure.code === 'unauthorized' || this.tracks.length === 0) throw failure;
      if (this.#refusal) throw this.#refusal;
      this.#context.log.warn('no second session to talk, opening the first anew', { error: failure });
      this.#reopened = this.#reopen(codec);
      await this.#reopened;
      if (this.#refusal) throw this.#refusal;
      return this.#talkInside(codec);
    }
  }

  async #talkBeside(codec: AudioCodec, signal: AbortSignal): Promise<Talk> {
    const { options, lower } = this.#plan;
    const session = createSession(options, lower, this.#context.log);
    const abort = (): void => session.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const selection = selectMedias(await session.describe(true, signal), options.kinds);
      const { index, outgoing } = await setUpLoudspeaker(session, selection, codec);
      await session.play({ Require: BACKCHANNEL_FEATURE });
      return this.#register((onClose) =>
        createTalk(session, index, outgoing, () => {
          onClose();
          void session.close();
        }),
      );
    } catch (error) {
      await session.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #talkInside(codec: AudioCodec): Talk {
    const { session, talk, loudspeaker } = this.#playback;
    const outgoing = sameOutgoing(loudspeaker, codec);
    if (!talk || !outgoing)
      throw new StreamError('not_found', 'the camera does not offer its loudspeaker any more');
    return this.#register((onClose) => createTalk(session, talk.index, outgoing, onClose));
  }

  #register(create: (onClose: () => void) => Talk): Talk {
    const talk = create(() => this.#talks.delete(talk));
    this.#talks.add(talk);
    return talk;
  }

  /**
   * Opens the session of the picture again with the loudspeaker in it, and without if the camera refuses that, too.
   * The time line goes on, so that viewers see a pause at the most. Never rejects; ends the source if the camera
   * does not come back.
   */
  async #reopen(codec: AudioCodec): Promise<void> {
    const loudspeaker = sameOutgoing(this.#playback.loudspeaker, codec);
    const start = async (plan: PlaybackPlan): Promise<void> => {
      this.#context.clock.restart();
      this.#playback = await startPlayback(plan, { ...this.#context, signal: this.#stopped.signal });
      this.#watch(this.#playback.session);
    };
    await this.#playback.session.close();
    try {
      await sleep(REOPEN_PAUSE_MS, undefined, { signal: this.#stopped.signal });
      await start({ ...this.#plan, twoWay: true, loudspeaker }).catch((error) => {
        this.#refusal = toStreamError(error);
        return start(this.#plan);
      });
    } catch (error) {
      this.#ended.resolve(toStreamError(error));
    }
  }
}

const corruptOf = ({ session, receivers }: Playback): number =>
  receivers.reduce((sum, { corrupt }) => sum + corrupt, session.resyncs);

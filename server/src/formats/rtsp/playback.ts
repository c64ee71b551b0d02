/**
 * From the options of a source to a session that plays: DESCRIBE, one receiver and one SETUP for each media, PLAY,
 * and the wait for what the SDP did not tell.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import { type ErrorCode, StreamError, toStreamError } from '../../core/errors.ts';
import type { MediaClock } from '../../rtp/media-clock.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import type { Logger } from '../../util/log.ts';
import type { Intake } from './intake.ts';
import type { RtspOptions } from './options.ts';
import { type Incoming, type Outgoing, type Selection, sameOutgoing, selectMedias } from './selection.ts';
import { BACKCHANNEL_FEATURE, RtspSession, type SessionStage } from './session.ts';

export interface PlaybackPlan {
  readonly options: RtspOptions;
  readonly lower: 'tcp' | 'udp';
  /** Ask for the loudspeaker. */
  readonly twoWay: boolean;
  /** Set up this loudspeaker in the same session. */
  readonly loudspeaker?: Outgoing | undefined;
}

export interface Playback {
  readonly session: RtspSession;
  readonly receivers: readonly RtpReceiver[];
  /** What the camera has, of the kinds wanted. */
  readonly loudspeaker: readonly Outgoing[];
  /** The plan's loudspeaker in this session. */
  readonly talk: TalkMedia | undefined;
}

/** A loudspeaker that is set up. */
export interface TalkMedia {
  readonly index: number;
  readonly outgoing: Outgoing;
}

export interface PlaybackContext {
  readonly intake: Intake;
  readonly clock: MediaClock;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Refusals of one media, which leave the session usable. */
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(['protocol', 'not_found', 'unsupported']);
/** UDP that a firewall drops is silent. */
const UDP_SILENCE_MS = 3000;

/** Makes the session that a plan wants, or the nearest that the camera allows. Fails with StreamError. */
export async function startPlayback(plan: PlaybackPlan, context: PlaybackContext): Promise<Playback> {
  for (let current = plan; ; ) {
    const session = createSession(current.options, current.lower, context.log);
    const abort = (): void => session.abort();
    context.signal.addEventListener('abort', abort, { once: true });
    try {
      return await play(session, current, context);
    } catch (error) {
      await session.close();
      if (context.signal.aborted) throw toStreamError(context.signal.reason);
      const failure = toStreamError(error);
      const next = fallback(current, plan, failure, session.stage);
      if (!next) throw failure;
      if (next.lower !== current.lower)
        context.log.warn(`${current.lower} failed, trying ${next.lower}`, {
          url: session.url,
          error: failure,
        });
      current = next;
      context.clock.restart();
    } finally {
      context.signal.removeEventListener('abort', abort);
    }
  }
}

export function createSession(options: RtspOptions, lower: 'tcp' | 'udp', log: Logger): RtspSession {
  const { address, insecureTls, webSocket, timeoutMs } = options;
  return new RtspSession({ address, insecureTls, webSocket, lower, timeoutMs, log });
}

/**
 * What to try after a failure; undefined: nothing. A camera refuses the question for its loudspeaker in many ways, so
 * the same is tried without it; a camera that does not like one transport gets the other.
 */
export function fallback(
  current: PlaybackPlan,
  first: PlaybackPlan,
  { code }: StreamError,
  stage: SessionStage,
): PlaybackPlan | undefined {
  if (stage === 'new' || code === 'unauthorized' || current.loudspeaker) return undefined;
  const silent = current.lower === 'udp' && stage === 'playing' && code === 'timeout';
  if (stage === 'playing' && !silent) return undefined;
  const refused = code === 'unsupported' && stage === 'setup';
  const isChoice = current.options.lower === 'tcp' || current.lower !== first.lower;
  if ((silent || refused) && !isChoice) return { ...current, lower: current.lower === 'udp' ? 'tcp' : 'udp' };
  return current.twoWay ? { ...current, twoWay: false } : undefined;
}

async function play(session: RtspSession, plan: PlaybackPlan, context: PlaybackContext): Promise<Playback> {
  const selection = selectMedias(await session.describe(plan.twoWay, context.signal), plan.options.kinds);
  const receivers = await setUp(session, selection, plan, context);
  const talk = plan.loudspeaker && (await setUpLoudspeaker(session, selection, plan.loudspeaker.codec));
  if (receivers.length === 0 && selection.loudspeaker.length === 0) {
    const offers = selection.unusable.join(', ') || 'nothing of what is wanted';
    throw new StreamError('unsupported', `the camera offers ${offers}`);
  }
  if (receivers.length > 0) {
    await session.play(talk ? { Require: BACKCHANNEL_FEATURE } : {});
    await parametersKnown(session, receivers, plan, context);
  }
  const known = receivers.filter(({ track }) => track).sort((a, b) => a.id - b.id);
  return { session, receivers: known, loudspeaker: selection.loudspeaker, talk };
}

/** Media that can't be set up is left out, as long as there is another. */
async function setUp(
  session: RtspSession,
  { incoming }: Selection,
  { lower }: PlaybackPlan,
  { intake, clock, log }: PlaybackContext,
): Promise<RtpReceiver[]> {
  const receivers: RtpReceiver[] = [];
  const failures: StreamError[] = [];
  for (const { id, media, format } of bestFirst(incoming)) {
    const receiver = new RtpReceiver({ id, format, clock, reorder: lower === 'udp', write: intake.write });
    try {
      await session.setup(media, receiver);
      receivers.push(receiver);
    } catch (error) {
      const failure = toStreamError(error);
      const transportRefused = failure.code === 'unsupported' && receivers.length === 0;
      if (transportRefused || !LEFT_OUT.has(failure.code)) throw failure;
      log.warn(`${media.kind} of the camera is left out`, { error: failure });
      failures.push(failure);
    }
  }
  if (receivers.length === 0 && failures[0]) throw failures[0];
  return receivers;
}

/** Video before audio: what refuses the second media of a session should lose the sound. */
const bestFirst = (incoming: readonly Incoming[]): Incoming[] =>
  incoming.toSorted((a, b) => Number(b.media.kind === 'video') - Number(a.media.kind === 'video'));

/** Sets up the loudspeaker for this codec, which was found in an earlier description. */
export async function setUpLoudspeaker(
  session: RtspSession,
  { loudspeaker }: Selection,
  codec: AudioCodec,
): Promise<TalkMedia> {
  const outgoing = sameOutgoing(loudspeaker, codec);
  if (!outgoing) throw new StreamError('not_found', 'the camera does not offer its loudspeaker any more');
  return {
    index: await session.setup(outgoing.media, undefined, { Require: BACKCHANNEL_FEATURE }),
    outgoing,
  };
}

/**
 * Resolves when the codecs of all media are known (by UDP: when packets come, too), or when there has been time
 * enough and some are. Fails with `timeout`, or as the session does.
 */
async function parametersKnown(
  session: RtspSession,
  receivers: readonly RtpReceiver[],
  { lower, options: { timeoutMs } }: PlaybackPlan,
  { intake, log, signal }: PlaybackContext,
): Promise<void> {
  const silenceMs = Math.min(UDP_SILENCE_MS, timeoutMs);
  const silent = (): boolean => receivers.every(({ packets }) => packets === 0);
  const complete = (): boolean => receivers.every(({ track }) => track) && (lower === 'tcp' || !silent());
  if (complete()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(toStreamError(signal.reason));
  const silence = setTimeout(() => {
    if (lower === 'udp' && silent())
      reject(new StreamError('timeout', `no packets by UDP within ${silenceMs / 1000} s`));
  }, silenceMs);
  const patience = setTimeout(() => {
    const unknown = receivers.filter(({ track }) => !track).map(({ format }) => format.encoding);
    const text = `no parameters of ${unknown.join(', ')} within ${timeoutMs / 1000} s`;
    if (unknown.length === receivers.length) reject(new StreamError('timeout', text));
    else if (unknown.length > 0) log.warn(`left out: ${text}`);
    resolve();
  }, timeoutMs);
  intake.onPacket = () => {
    if (complete()) resolve();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  void session.ended.then(reject);
  try {
    await promise;
  } finally {
    clearTimeout(silence);
    clearTimeout(patience);
    intake.onPacket = undefined;
    signal.removeEventListener('abort', onAbort);
  }
}

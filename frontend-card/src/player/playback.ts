/**
 * The life of a player without its looks: rounds of modes, retries, sleep and wake, a talk, another tier.
 *
 *   idle ──start──▶ connecting ──picture──▶ playing ──lost──▶ connecting …
 *     ▲                 │ all rounds failed                        │ again and again
 *     └────stop─────    ▼                                          ▼
 *                    waiting (back-off) ──▶ connecting
 */
import type { Connect, Tier } from './addresses.ts';
import {
  backoffMs,
  type Failure,
  isSourceFailure,
  isWebrtc,
  type Mode,
  parseModes,
  planRounds,
  sentence,
} from './policy.ts';
import { openSession, type Session } from './session.ts';
import { text } from './texts.ts';
import type { Transport } from './transport.ts';
import type { WebrtcTransport } from './webrtc.ts';

export interface PlaybackOptions {
  readonly connect: Connect;
  /** The first to be played. */
  readonly tier: Tier;
  readonly mode: string;
  readonly video: boolean;
  readonly audio: boolean;
  /** Why the camera gives nothing, as far as the server knows. */
  diagnose(): Promise<string | undefined>;
  /** Asked at each start of a transport. */
  sound(): { readonly muted: boolean; readonly volume: number };
}

export type PlaybackState = 'idle' | 'connecting' | 'playing' | 'stalled' | 'waiting';

export interface PlaybackEvents {
  attach(element: Transport['element']): void;
  show(transport: Transport): void;
  /** What is shown goes away now: the moment to keep its last frame. */
  leave(): void;
  silenced(): void;
  changed(): void;
}

export interface Playback {
  readonly state: PlaybackState;
  readonly transport: Transport | undefined;
  /** Of what is shown. */
  readonly tier: Tier | undefined;
  /** Modes that were tried in vain before the one that plays. */
  readonly failures: readonly Failure[];
  /** Why it waits or stalls, as a sentence. */
  readonly problem: string;
  /** When the next attempt begins, by Date.now(); while waiting. */
  readonly retryAtMs: number;
  start(): void;
  stop(): void;
  /** Ends a wait: the network is back, the user is impatient. */
  retry(): void;
  /** Plays this tier from now on; what is shown stays until its first picture. */
  follow(tier: Tier): void;
  /** Sends a microphone track to the camera; opens a WebRTC session with it where the present one can't. Rejects with an Error to show. */
  talk(track: MediaStreamTrack): Promise<void>;
  hush(): void;
}

/** Playing this long counts as success: the next loss is answered at once. */
const STEADY_MS = 10_000;
const STALLED_MS = 5000;
const DEAD_MS = 15_000;
/** Key frames may be far apart. */
const DEAD_PICTURES_MS = 60_000;
const WATCH_MS = 1000;
const IMPROVE_MS = 30_000;
const IMPROVE_MAX_MS = 600_000;
/** A tier that did not come while another plays gets its next chance after this. */
const SWAP_AGAIN_MS = 15_000;
/** A sub stream that did not come is replaced by the main stream for so long. */
const AVOID_SUB_MS = 60_000;

/** Shows single pictures, for want of better. */
function isMakeshift(mode: Mode): boolean {
  return mode === 'mp4' || mode === 'mjpeg';
}

export function createPlayback(options: PlaybackOptions, events: PlaybackEvents): Playback {
  const rounds = planRounds(parseModes(options.mode));
  let state: PlaybackState = 'idle';
  let session: Session | undefined;
  /** Gives up a session that was to take the place of `session`. */
  let withdraw: (() => void) | undefined;
  let failures: readonly Failure[] = [];
  let problem = '';
  let round = 0;
  let attempt = 0;
  let playingSinceMs = 0;
  let retryAtMs = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let watchTimer: ReturnType<typeof setInterval> | undefined;
  let improveTimer: ReturnType<typeof setTimeout> | undefined;
  let improveMs = IMPROVE_MS;
  let looking = false;
  let tier = options.tier;
  let avoidSubUntilMs = 0;
  let swapTimer: ReturnType<typeof setTimeout> | undefined;

  const enter = (to: PlaybackState) => {
    state = to;
    events.changed();
  };

  const connect = () => {
    clearTimeout(retryTimer);
    const earlier = round === 0 ? [] : failures;
    failures = [...earlier];
    session = open(rounds[round]!, tier, undefined, {
      show(transport, race) {
        showing(transport, [...earlier, ...race]);
        if (round > 0) improveLater();
      },
      failuresChanged: (race) => failing([...earlier, ...race]),
      ended: (race, played) => onEnded([...earlier, ...race], race, played),
    });
    enter('connecting');
  };

  /** Opens a session beside the present one, which it replaces with its first picture. Rejects when none comes. */
  const challenge = (modes: readonly Mode[], of: Tier, microphone?: MediaStreamTrack): Promise<void> => {
    withdraw?.();
    return new Promise((resolve, reject) => {
      const lose = (reason: string) => {
        withdraw = undefined;
        challenger.close();
        reject(new Error(reason));
      };
      const won = () => session === challenger;
      const challenger = open(modes, of, microphone, {
        show(transport, race) {
          const before = session;
          if (!won()) withdraw = undefined;
          session = challenger;
          showing(transport, race);
          if (before !== challenger) before?.close();
          resolve();
        },
        failuresChanged: (race) => won() && failing(race),
        ended(race, played) {
          if (won()) onEnded(race, race, played);
          else lose(sentence(race[0]?.reason ?? ''));
        },
      });
      withdraw = () => lose(text('interrupted'));
    });
  };

  const showing = (transport: Transport, all: readonly Failure[]) => {
    if (state !== 'playing') playingSinceMs = Date.now();
    failures = all;
    events.show(transport);
    enter('playing');
  };

  const failing = (all: readonly Failure[]) => {
    failures = all;
    events.changed();
  };

  /** Key frames and single pictures are a makeshift: the better modes get another chance now and then. */
  const improveLater = () => {
    clearTimeout(improveTimer);
    improveTimer = setTimeout(improve, improveMs);
    improveMs = Math.min(improveMs * 2, IMPROVE_MAX_MS);
  };

  const improve = () => {
    if (state !== 'playing' || document.hidden || withdraw) improveLater();
    else challenge(rounds[0]!, tier).catch(improveLater);
  };

  /** Brings the wanted tier beside the present one, if that is another. */
  const swap = () => {
    clearTimeout(swapTimer);
    if (!session?.shown || session.tier === tier) return;
    challenge(rounds[round]!, tier).catch(() => {
      clearTimeout(swapTimer);
      swapTimer = setTimeout(swap, SWAP_AGAIN_MS);
    });
  };

  const open = (
    modes: readonly Mode[],
    of: Tier,
    microphone: MediaStreamTrack | undefined,
    handlers: Pick<Parameters<typeof openSession>[1], 'show' | 'failuresChanged' | 'ended'>,
  ) =>
    openSession(
      { ...options, ...options.sound(), tier: of, addresses: options.connect(of), modes, microphone },
      { attach: events.attach, silenced: events.silenced, ...handlers },
    );

  const onEnded = (all: readonly Failure[], latest: readonly Failure[], played: boolean) => {
    failures = all;
    if (played) {
      events.leave();
      if (Date.now() - playingSinceMs > STEADY_MS) attempt = 0;
    }
    session = undefined;
    if (!played && !isSourceFailure(latest) && round + 1 < rounds.length) {
      round++;
      connect();
      return;
    }
    problem = sentence(played ? latest.at(-1)!.reason : all[0]!.reason);
    wait();
  };

  const wait = () => {
    withdraw?.();
    clearTimeout(improveTimer);
    clearTimeout(swapTimer);
    if (tier === 'sub' && attempt > 0) {
      avoidSubUntilMs = Date.now() + AVOID_SUB_MS;
      tier = 'main';
    }
    round = 0;
    const delayMs = backoffMs(++attempt, Math.random());
    retryAtMs = Date.now() + delayMs;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, delayMs);
    enter('waiting');
  };

  const reconnect = (reason: string) => {
    events.leave();
    session?.close();
    session = undefined;
    problem = reason;
    wait();
  };

  const watch = async () => {
    if (looking || document.hidden || !session?.shown) return;
    looking = true;
    try {
      await lookAt(session, session.shown);
    } finally {
      looking = false;
    }
  };

  const lookAt = async (from: Session, shown: Transport) => {
    const silentMs = await silence(from, shown);
    const reason = silentMs > STALLED_MS ? await options.diagnose().catch(() => undefined) : undefined;
    if (session?.shown !== shown) return;
    const patienceMs = isMakeshift(shown.mode) ? DEAD_PICTURES_MS : DEAD_MS;
    // A camera that is away is the server's to wait for: it goes on here as soon as there is something.
    if (!reason && silentMs > patienceMs) reconnect(sentence(text('sendsNothing')));
    else if (reason || (silentMs > STALLED_MS && !isMakeshift(shown.mode))) {
      problem = sentence(reason ?? text('sendsNothing'));
      enter('stalled');
    } else if (state === 'stalled') enter('playing');
  };

  /** Milliseconds since media came in. */
  const silence = async (from: Session, shown: Transport) => {
    if (Date.now() - from.lastMediaMs > STALLED_MS) await shown.alive?.();
    return Date.now() - from.lastMediaMs;
  };

  const retry = () => {
    if (state === 'waiting') {
      attempt = 0;
      connect();
    } else void watch();
  };

  return {
    get state() {
      return state;
    },
    get transport() {
      return session?.shown;
    },
    get tier() {
      return session?.shown && session.tier;
    },
    get failures() {
      return failures;
    },
    get problem() {
      return problem;
    },
    get retryAtMs() {
      return retryAtMs;
    },
    retry,

    start() {
      if (state !== 'idle') return;
      round = attempt = 0;
      improveMs = IMPROVE_MS;
      watchTimer = setInterval(() => void watch(), WATCH_MS);
      addEventListener('online', retry);
      connect();
    },

    stop() {
      if (state === 'idle') return;
      clearTimeout(retryTimer);
      clearTimeout(improveTimer);
      clearTimeout(swapTimer);
      clearInterval(watchTimer);
      removeEventListener('online', retry);
      if (session?.shown) events.leave();
      withdraw?.();
      session?.close();
      session = undefined;
      enter('idle');
    },

    follow(next) {
      if (next === 'sub' && Date.now() < avoidSubUntilMs) return;
      if (next === tier) return;
      tier = next;
      if (session?.shown) swap();
      else if (session) {
        session.close();
        connect();
      }
    },

    async talk(track) {
      const shown = session?.shown as Partial<WebrtcTransport> | undefined;
      tier = 'main';
      if (session && session.tier === tier && shown?.setMicrophone && shown.canTalk) {
        await shown.setMicrophone(track);
        return;
      }
      await challenge([rounds.flat().find(isWebrtc) ?? 'webrtc'], tier, track);
    },

    hush() {
      withdraw?.();
      const shown = session?.shown as Partial<WebrtcTransport> | undefined;
      void shown?.setMicrophone?.(null);
    },
  };
}

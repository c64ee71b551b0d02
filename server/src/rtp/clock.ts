/**
 * From RTP timestamps to the time line of a session: 32 bits unwrapped, tracks aligned, wall clock.
 *
 *   RTP timestamps of each track begin at a random number. Until sender reports come, a track begins where its first
 *   packet arrived. A report says which wall clock time (of the camera) a timestamp has (RFC 3550 §6.4.1): with one for
 *   each track, the others are moved to where they belong beside the video.
 *
 * Reports are believed when they move a track by no more than two seconds: there are cameras whose audio and video
 * reports are hours apart.
 */
import type { SenderReport } from './rtcp.ts';

const BELIEVED_SECONDS = 2;
/** Differences under this can't be seen or heard, and are mostly jitter. */
const NOTICED_SECONDS = 0.04;
/** A camera whose clock stands before this has none: 2001-01-01. */
const PLAUSIBLE_WALL_MS = 978_307_200_000;

/** What the tracks of one connection share. */
export class SessionClock {
  /** Arrival of the session's first packet, ms: time 0. */
  originMs: number | undefined;
  /** The track whose reports the others follow: the first video track with a report, else the first with one. */
  master: TrackClock | undefined;
  /** The camera's wall clock at time 0, by the master's last report. */
  masterWallMs = 0;
}

/** The time line of one track, in seconds since the session's origin. */
export class TrackClock {
  readonly #session: SessionClock;
  readonly #clockRate: number;
  readonly #leads: boolean;
  #timestamp = 0;
  /** RTP ticks since the track's first packet. */
  #unwrapped = 0;
  /** Where the track's first packet lies on the session's time line; undefined before it. */
  #offsetSeconds: number | undefined;
  /** Wall clock of the session's origin by this track's last report; undefined without one. */
  #wallMs: number | undefined;

  /** `leads`: a video track. */
  constructor(session: SessionClock, clockRate: number, leads: boolean) {
    this.#session = session;
    this.#clockRate = clockRate;
    this.#leads = leads;
  }

  /** Seconds of a timestamp since the session's origin. */
  seconds(timestamp: number, arrivalMs: number): number {
    this.#session.originMs ??= arrivalMs;
    if (this.#offsetSeconds === undefined) {
      this.#offsetSeconds = (arrivalMs - this.#session.originMs) / 1000;
      this.#timestamp = timestamp;
    }
    this.#unwrapped += (timestamp - this.#timestamp) | 0;
    this.#timestamp = timestamp;
    return this.#unwrapped / this.#clockRate + this.#offsetSeconds;
  }

  /** Wall clock (ms since 1970) of a time on the session's time line; the arrival where no report has told. */
  wallMs(seconds: number, arrivalMs: number): number {
    return this.#wallMs === undefined ? arrivalMs : this.#wallMs + seconds * 1000;
  }

  /** Takes a sender report. It means nothing before the track's first packet. */
  report({ wallMs, timestamp }: SenderReport): void {
    if (this.#offsetSeconds === undefined || wallMs < PLAUSIBLE_WALL_MS) return;
    const session = this.#session;
    const ticks = this.#unwrapped + ((timestamp - this.#timestamp) | 0);
    const seconds = ticks / this.#clockRate;
    if (!session.master || (this.#leads && !session.master.#leads)) session.master = this;
    if (session.master === this) session.masterWallMs = wallMs - (seconds + this.#offsetSeconds) * 1000;
    else {
      const error = (wallMs - session.masterWallMs) / 1000 - (seconds + this.#offsetSeconds);
      const credible = Math.abs(error) > NOTICED_SECONDS && Math.abs(error) < BELIEVED_SECONDS;
      if (credible) this.#offsetSeconds += error;
    }
    this.#wallMs = wallMs - (seconds + this.#offsetSeconds) * 1000;
  }

  /** Another sender begins: its timestamps have nothing to do with those before. */
  restart(): void {
    this.#offsetSeconds = undefined;
    this.#unwrapped = 0;
    this.#wallMs = undefined;
    if (this.#session.master === this) this.#session.master = undefined;
  }
}

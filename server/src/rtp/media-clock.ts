/**
 * From RTP timestamps to pts on one time line for all tracks of a session (RFC 3550 §5.1, §6.4.1).
 *
 * RTP timestamps begin anywhere, in each track. Three things tell how the tracks lie to each other:
 *
 *   arrival          always there; wrong by the jitter of the first packets
 *   RTP-Info         the timestamps at the time of PLAY (RFC 2326 §12.33); some cameras make them up
 *   sender reports   the camera's wall clock at a timestamp: exact, but often seconds late
 *
 * A track is anchored at its first packet: by sender reports if they are there, else by RTP-Info if it is credible,
 * else by arrival. The first sender reports of both show how wrong that was. What everybody would notice is set right
 * at once, by a step forward of the track that is early: a gap, never an overlap, and no picture changes places with
 * another: B-frames that are shown before it stay where they are. From then on video is not moved any
 * more, and audio drifts to its place by at most 1 % of the time that passes: nobody hears it, and nothing jumps.
 * Differences too large to be real are not believed: there are cameras whose audio and video reports are hours apart.
 */

/** How much faster or slower a drifting track runs. */
const DRIFT = 0.01;
/** Differences below this are jitter of the sender reports. */
const NOTICED_SECONDS = 0.01;
const BELIEVED_SECONDS = 3;
/** Sound and picture this far apart are noticed by everybody (ITU-R BT.1359). */
const STEP_SECONDS = 0.09;
/** The first packet of a track lies this close to the time that RTP-Info tells, or RTP-Info is made up. */
const RTP_INFO_SECONDS = 2;
/** A step beyond this is a clock that was set: the last sender report holds no more. */
const JUMP_SECONDS = 10;
/** A camera whose clock stands before this has none: 2001-01-01. */
const PLAUSIBLE_WALL_MS = 978_307_200_000;

export interface ClockTrack {
  readonly kind: 'video' | 'audio';
  /** Ticks a second of the RTP timestamps. */
  readonly clockRate: number;
  /** Ticks a second of the pts. */
  readonly timeBase: number;
}

/** The time line of one session. */
export class MediaClock {
  #tracks: TrackClock[] = [];
  #originMs: number | undefined;
  #startSeconds: number | undefined;

  addTrack(track: ClockTrack): TrackClock {
    const clock = new TrackClock(this, track);
    this.#tracks.push(clock);
    return clock;
  }

  /** The session is opened anew: its tracks go, the time line goes on. */
  restart(): void {
    this.#tracks = [];
    this.#startSeconds = undefined;
  }

  /** Seconds since the first packet. `nowMs`: of `performance.now()`. */
  secondsAt(nowMs: number): number {
    this.#originMs ??= nowMs;
    const seconds = (nowMs - this.#originMs) / 1000;
    this.#startSeconds ??= seconds;
    return seconds;
  }

  /** Where the session began on the time line, as far as anybody can tell: at its first packet. */
  get startSeconds(): number {
    return this.#startSeconds ?? 0;
  }

  /** Where the wall clock's zero lies on the time line by the track that `follower` follows: video if there is any. */
  epochSeconds(follower: TrackClock): number | undefined {
    return this.#leader(follower)?.epochSeconds;
  }

  /** The first sender reports put `follower` this far behind the track that it follows: that one waits for it. */
  delayLeader(follower: TrackClock, seconds: number): void {
    this.#leader(follower)?.step(seconds);
  }

  #leader(follower: TrackClock): TrackClock | undefined {
    let leader: TrackClock | undefined;
    for (const track of this.#tracks) {
      const leads = !leader || (track.kind === 'video' && leader.kind !== 'video');
      if (leads && track.epochSeconds !== undefined) leader = track;
    }
    return leader === follower ? undefined : leader;
  }

  /** A sender report came: sees how far the tracks are from each other now. */
  align(): void {
    for (const track of this.#tracks) track.align();
  }
}

/** The clock of one track: made by `MediaClock.addTrack`. */
export class TrackClock {
  readonly kind: 'video' | 'audio';
  readonly #session: MediaClock;
  readonly #clockRate: number;
  readonly #timeBase: number;
  #rtpTime: number | undefined;
  #timestamp = 0;
  /** RTP ticks since the track's first packet. */
  #unwrapped = 0;
  /** Where the track's first packet lies on the time line; undefined before it. */
  #offsetSeconds: number | undefined;
  /** The latest of #unwrapped: what is shown last. */
  #latest = 0;
  /** The offset was so much smaller for what is shown up to there. */
  #step = { seconds: 0, upTo: 0 };
  /** What is to be added to the offset yet. */
  #driftSeconds = 0;
  /** The first reports have been compared with those of the track that this one follows. */
  #compared = false;
  #report: { readonly wallMs: number; readonly timestamp: number; ticks: number } | undefined;

  constructor(session: MediaClock, { kind, clockRate, timeBase }: ClockTrack) {
    this.kind = kind;
    this.#session = session;
    this.#clockRate = clockRate;
    this.#timeBase = timeBase;
  }

  /** The timestamp at the time of PLAY, as RTP-Info tells. Means nothing after the track's first packet. */
  set rtpTime(timestamp: number) {
    this.#rtpTime = timestamp;
  }

  /** Where the wall clock's zero (1970) lies on the time line, by the last sender report. */
  get epochSeconds(): number | undefined {
    if (!this.#report || this.#offsetSeconds === undefined) return undefined;
    return this.#report.ticks / this.#clockRate + this.#offsetSeconds - this.#report.wallMs / 1000;
  }

  /** The pts of an RTP timestamp, in the order of decoding. */
  pts(timestamp: number, nowMs: number): number {
    const step = (timestamp - this.#timestamp) | 0;
    this.#timestamp = timestamp;
    if (this.#offsetSeconds === undefined) this.#offsetSeconds = this.#anchor(timestamp, nowMs);
    else {
      this.#unwrapped += step;
      this.#offsetSeconds += this.#drift(step / this.#clockRate);
    }
    if (this.#unwrapped > this.#latest) this.#latest = this.#unwrapped;
    const early = this.#step.seconds > 0 && this.#unwrapped <= this.#step.upTo ? this.#step.seconds : 0;
    return Math.round((this.#unwrapped / this.#clockRate + this.#offsetSeconds - early) * this.#timeBase);
  }

  /** When the camera captured what had the latest timestamp, ms since 1970; undefined while no report has told. */
  wallMs(): number | undefined {
    const report = this.#report;
    if (!report || report.wallMs < PLAUSIBLE_WALL_MS) return undefined;
    return report.wallMs + ((this.#unwrapped - report.ticks) / this.#clockRate) * 1000;
  }

  /** Takes a sender report: `timestamp` was captured at `wallMs` (ms since 1970). */
  senderReport(wallMs: number, timestamp: number): void {
    this.#report = { wallMs, timestamp, ticks: this.#unwrapped + ((timestamp - this.#timestamp) | 0) };
    this.#session.align();
  }

  /** Sets out for where the sender reports say that this track belongs. */
  align(): void {
    const target = this.#session.epochSeconds(this);
    if (target === undefined || this.epochSeconds === undefined) return;
    const error = target - this.epochSeconds;
    const credible = Math.abs(error) > NOTICED_SECONDS && Math.abs(error) < BELIEVED_SECONDS;
    const first = !this.#compared;
    this.#compared = true;
    this.#driftSeconds = 0;
    if (credible && first && error > STEP_SECONDS) this.step(error);
    else if (credible && first && error < -STEP_SECONDS) this.#session.delayLeader(this, -error);
    else if (credible) this.#driftSeconds = error;
  }

  /** Moves what is shown from now on to a later place. */
  step(seconds: number): void {
    if (this.#offsetSeconds === undefined) return;
    const more = this.#latest === this.#step.upTo ? this.#step.seconds : 0;
    this.#step = { seconds: more + seconds, upTo: this.#latest };
    this.#offsetSeconds += seconds;
  }

  /** Another sender begins: its timestamps have nothing to do with those before. */
  restart(): void {
    this.#offsetSeconds = undefined;
    this.#rtpTime = undefined;
    this.#report = undefined;
    this.#unwrapped = 0;
    this.#latest = 0;
    this.#step = { seconds: 0, upTo: 0 };
    this.#driftSeconds = 0;
    this.#compared = false;
  }

  #anchor(timestamp: number, nowMs: number): number {
    if (this.#report) this.#report.ticks = (this.#report.timestamp - timestamp) | 0;
    const arrival = this.#session.secondsAt(nowMs);
    const seconds = this.#anchorByReport(arrival) ?? this.#anchorByRtpInfo(timestamp) ?? arrival;
    return Math.round(seconds * this.#timeBase) / this.#timeBase;
  }

  #anchorByReport(arrival: number): number | undefined {
    const epoch = this.#session.epochSeconds(this);
    if (!this.#report || epoch === undefined) return undefined;
    const seconds = this.#report.wallMs / 1000 - this.#report.ticks / this.#clockRate + epoch;
    return Math.abs(seconds - arrival) < BELIEVED_SECONDS ? seconds : undefined;
  }

  #anchorByRtpInfo(timestamp: number): number | undefined {
    if (this.#rtpTime === undefined) return undefined;
    const seconds = ((timestamp - this.#rtpTime) | 0) / this.#clockRate;
    return Math.abs(seconds) < RTP_INFO_SECONDS ? this.#session.startSeconds + seconds : undefined;
  }

  #drift(stepSeconds: number): number {
    if (Math.abs(stepSeconds) > JUMP_SECONDS) {
      this.#report = undefined;
      this.#driftSeconds = 0;
    }
    if (this.#driftSeconds === 0 || stepSeconds <= 0) return 0;
    const most = stepSeconds * DRIFT;
    const moved = Math.max(-most, Math.min(most, this.#driftSeconds));
    this.#driftSeconds -= moved;
    return moved;
  }
}

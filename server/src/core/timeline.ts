/**
 * Puts the packets of one source on the stream's time line: seconds since the stream's epoch, monotonic per track,
 * through reconnects and through cameras whose clock jumps, stands still, or runs backwards.
 *
 *   producer's dts   100 101 102 | reconnect | 7 8 9     | clock set  | 9000 9001
 *   stream's dts       0   1   2 |           | 5 6 7 ... | goes on    | 8 9
 *
 * All tracks of a run share one origin, so audio and video keep their distance. A track that jumps goes on where it
 * was. When the others jump as well (a file that begins again), each takes the origin of the first if that lands it
 * about where it was, so that they keep their distance once more; and a track that jumps back to the others' origin
 * is taken there. Where the end of one lies behind the beginning of the other, the origin moves for all: a gap, never
 * an overlap.
 */
import type { Packet } from './model.ts';

/** A Packet while its producer or source still owns it. */
export type Draft = { -readonly [Key in keyof Packet]: Packet[Key] };

/** A difference between media time and arrival time beyond this is a jump of the clock, not a late packet. */
const JUMP_SECONDS = 10;
/** Beyond this a track does not belong to the others of its origin any more. */
const APART_SECONDS = 3;
/** Steps back up to this are disorder (B-frames without dts), and clamped. */
const DISORDER_SECONDS = 0.25;
/** A jump after a silence beyond this goes on where the wall clock is. */
const SILENCE_SECONDS = 1;
/** So many packets of one and the same time, over so many seconds, and the clock stands: arrival is the time. */
const STANDING_PACKETS = 5;
const STANDING_SECONDS = 0.25;
const ROUNDING_SECONDS = 0.001;
/** The smallest step that every output can tell. */
const BLINK_SECONDS = 0.001;
/** No picture waits longer between its decoding and its showing. */
const MAXIMUM_DELAY_SECONDS = 20;

/** Where the zero of a producer's clock lies on the time line; shared by the tracks that follow the same clock. */
interface Origin {
  seconds: number;
}

interface TrackTime {
  run: number;
  origin: Origin;
  /** Ticks a second of the fields below; 0 before the first packet. */
  timeBase: number;
  inputDts: number;
  outputDts: number;
  /** When the input's time became what it is; while the clock stands, when the last packet came. */
  arrivalSeconds: number;
  /** The last regular step between packets. */
  usualSeconds: number;
  /** Packets in a row that have the time of the one before; infinite: the clock stands. */
  repeats: number;
}

/** The time line of one source; lives as long as the source, over many runs. */
export class Timeline {
  readonly #tracks = new Map<number, TrackTime>();
  #run = 0;
  #onStreamTime = false;
  #latestSeconds = 0;

  /**
   * A new connection: its timestamps have nothing to do with those before; or they are on the time line as they come, and
   * are only kept monotonic.
   */
  startRun(onStreamTime = false): void {
    this.#run++;
    this.#onStreamTime = onStreamTime;
  }

  /** Rewrites pts and dts in place. `nowSeconds` is the arrival time since the stream's epoch. */
  stamp(packet: Draft, nowSeconds: number): void {
    const { id, codec } = packet.track;
    const { timeBase } = codec;
    const time = this.#track(id);
    if (time.timeBase !== timeBase) rescale(time, timeBase);
    const inputSeconds = packet.dts / timeBase;
    const leastDts = this.#onStreamTime ? time.outputDts : leastOf(time, packet, this.#run);
    if (time.run !== this.#run) this.#join(time, inputSeconds, nowSeconds);
    else if (!this.#onStreamTime) this.#follow(time, packet, nowSeconds);
    time.inputDts = packet.dts;
    if (time.repeats === 0 || time.repeats === Number.POSITIVE_INFINITY) time.arrivalSeconds = nowSeconds;
    const offset = Math.round(time.origin.seconds * timeBase);
    const delay = packet.pts - packet.dts;
    const dts = Math.max(packet.dts + offset, leastDts);
    packet.pts = delay > MAXIMUM_DELAY_SECONDS * timeBase ? dts : Math.max(packet.pts + offset, dts);
    packet.dts = dts;
    time.outputDts = dts;
    const seconds = dts / timeBase;
    if (seconds > this.#latestSeconds) this.#latestSeconds = seconds;
  }

  #track(id: number): TrackTime {
    let time = this.#tracks.get(id);
    if (!time) {
      const origin = { seconds: 0 };
      const zero = { inputDts: 0, outputDts: 0, arrivalSeconds: 0, usualSeconds: 0, repeats: 0 };
      time = { run: 0, origin, timeBase: 0, ...zero };
      this.#tracks.set(id, time);
    }
    return time;
  }

  /** The track's first packet of a run. */
  #join(time: TrackTime, inputSeconds: number, nowSeconds: number): void {
    time.run = this.#run;
    time.repeats = 0;
    if (this.#onStreamTime) {
      time.origin = { seconds: 0 };
      return;
    }
    const startSeconds = Math.max(nowSeconds, this.#latestSeconds);
    time.origin = { seconds: startSeconds - inputSeconds };
    const shared = this.#originNear(time, inputSeconds, startSeconds, JUMP_SECONDS);
    if (shared) takeOrigin(time, shared, inputSeconds);
  }

  #follow(time: TrackTime, packet: Draft, nowSeconds: number): void {
    const inputSeconds = packet.dts / time.timeBase;
    const stepSeconds = inputSeconds - time.inputDts / time.timeBase;
    const silentSeconds = nowSeconds - time.arrivalSeconds;
    const lastSeconds = time.outputDts / time.timeBase;
    const landingSeconds = inputSeconds + time.origin.seconds;
    // Sound that stands still is followed by its samples: see leastOf.
    time.repeats = stepSeconds === 0 && packet.duration === 0 ? time.repeats + 1 : 0;
    if (time.repeats >= STANDING_PACKETS && silentSeconds > STANDING_SECONDS)
      time.repeats = Number.POSITIVE_INFINITY;
    if (time.repeats === Number.POSITIVE_INFINITY) {
      time.origin = { seconds: lastSeconds + Math.max(0, silentSeconds) - inputSeconds };
      return;
    }
    const isSilence = silentSeconds > time.usualSeconds + SILENCE_SECONDS;
    const dueSeconds = lastSeconds + (isSilence ? silentSeconds : time.usualSeconds);
    const astraySeconds = Math.abs(landingSeconds - dueSeconds);
    const jumped =
      landingSeconds < lastSeconds - DISORDER_SECONDS ||
      silentSeconds - stepSeconds > JUMP_SECONDS ||
      this.#isAhead(time, landingSeconds, lastSeconds + silentSeconds);
    if (jumped || astraySeconds > DISORDER_SECONDS) {
      const limit = jumped ? APART_SECONDS : astraySeconds;
      const shared = this.#originNear(time, inputSeconds, dueSeconds, limit);
      if (shared) takeOrigin(time, shared, inputSeconds);
      else if (jumped) time.origin = { seconds: dueSeconds - inputSeconds };
    } else if (stepSeconds > 0) time.usualSeconds = stepSeconds;
  }

  /** Whether a packet lies where neither the time that passed nor another track of the same origin has come. */
  #isAhead(time: TrackTime, landingSeconds: number, passedSeconds: number): boolean {
    const aheadSeconds = landingSeconds - passedSeconds;
    if (aheadSeconds <= APART_SECONDS) return false;
    let accompanied = false;
    for (const other of this.#tracks.values()) {
      if (other === time || other.run !== this.#run || other.origin !== time.origin) continue;
      accompanied = true;
      if (landingSeconds - other.outputDts / other.timeBase <= APART_SECONDS) return false;
    }
    return accompanied || aheadSeconds > JUMP_SECONDS;
  }

  /** Of the other tracks' origins the one that lands a packet nearest to where it is due, and within the limit. */
  #originNear(
    time: TrackTime,
    inputSeconds: number,
    dueSeconds: number,
    limitSeconds: number,
  ): Origin | undefined {
    let nearest: Origin | undefined;
    let least = limitSeconds;
    for (const { run, origin } of this.#tracks.values()) {
      if (run !== this.#run || origin === time.origin) continue;
      const distance = Math.abs(inputSeconds + origin.seconds - dueSeconds);
      if (distance >= least) continue;
      least = distance;
      nearest = origin;
    }
    return nearest;
  }
}

/**
 * The least dts of a track's next packet. Where time does not pass by the camera's clock, sound lasts as long as its
 * samples all the same; pictures that run backwards come at their usual distance, those of one time a blink apart.
 */
function leastOf(time: TrackTime, { dts, duration }: Draft, run: number): number {
  if (time.run !== run || dts > time.inputDts) return time.outputDts;
  const seconds = dts === time.inputDts ? BLINK_SECONDS : time.usualSeconds;
  return time.outputDts + (duration || Math.round(seconds * time.timeBase));
}

/** From this packet on the track follows the clock of others; if it was farther already, they wait for it. */
function takeOrigin(time: TrackTime, origin: Origin, inputSeconds: number): void {
  time.origin = origin;
  const lastSeconds = time.outputDts / time.timeBase;
  const overlapSeconds = lastSeconds - (inputSeconds + origin.seconds);
  if (overlapSeconds > ROUNDING_SECONDS) origin.seconds += overlapSeconds + time.usualSeconds;
}

/** The camera came back with another codec in this track's place. */
function rescale(time: TrackTime, timeBase: number): void {
  const scale = time.timeBase ? timeBase / time.timeBase : 1;
  time.timeBase = timeBase;
  time.inputDts = Math.round(time.inputDts * scale);
  time.outputDts = Math.ceil(time.outputDts * scale);
}

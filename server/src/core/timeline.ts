/**
 * Puts the packets of one source on the stream's time line: seconds since the stream's epoch, monotonic per track,
 * through reconnects and through cameras whose clock jumps.
 *
 *   producer's dts   100 101 102 | reconnect | 7 8 9     | clock set  | 9000 9001
 *   stream's dts       0   1   2 |           | 5 6 7 ... | re-anchored| 9 10
 *
 * All tracks of a run share one origin, so audio and video keep their distance. A jump re-anchors only the track
 * that jumped, to the wall clock; when the others follow, they land beside it.
 */
import type { Packet } from './model.ts';

/** A Packet while its producer or source still owns it. */
export type Draft = { -readonly [Key in keyof Packet]: Packet[Key] };

/** A difference between media time and arrival time beyond this is a jump of the clock, not a late packet. */
const JUMP_SECONDS = 10;
/** Steps back up to this are disorder (B-frames without dts), and clamped. */
const DISORDER_SECONDS = 0.25;

interface TrackTime {
  run: number;
  /** Ticks a second of the fields below; 0 before the first packet. */
  timeBase: number;
  offset: number;
  inputDts: number;
  outputDts: number;
  arrivalSeconds: number;
}

/** The time line of one source; lives as long as the source, over many runs. */
export class Timeline {
  readonly #tracks = new Map<number, TrackTime>();
  #run = 0;
  #onStreamTime = false;
  #originSeconds: number | undefined;
  #latestSeconds = 0;

  /**
   * A new connection: its timestamps have nothing to do with those before; or they are on the time line as they come, and
   * are only kept monotonic.
   */
  startRun(onStreamTime = false): void {
    this.#run++;
    this.#onStreamTime = onStreamTime;
    this.#originSeconds = onStreamTime ? 0 : undefined;
  }

  /** Rewrites pts and dts in place. `nowSeconds` is the arrival time since the stream's epoch. */
  stamp(packet: Draft, nowSeconds: number): void {
    const { id, codec } = packet.track;
    const time = this.#track(id);
    if (time.timeBase !== codec.timeBase) rescale(time, codec.timeBase);
    if (time.run !== this.#run) this.#anchorRun(time, packet.dts, codec.timeBase, nowSeconds);
    else if (!this.#onStreamTime) this.#followJumps(time, packet.dts, codec.timeBase, nowSeconds);
    time.inputDts = packet.dts;
    time.arrivalSeconds = nowSeconds;
    const dts = Math.max(packet.dts + time.offset, time.outputDts);
    packet.pts = Math.max(packet.pts + time.offset, dts);
    packet.dts = dts;
    time.outputDts = dts;
    const seconds = dts / codec.timeBase;
    if (seconds > this.#latestSeconds) this.#latestSeconds = seconds;
  }

  #track(id: number): TrackTime {
    let time = this.#tracks.get(id);
    if (!time) {
      time = { run: 0, timeBase: 0, offset: 0, inputDts: 0, outputDts: 0, arrivalSeconds: 0 };
      this.#tracks.set(id, time);
    }
    return time;
  }

  #anchorRun(time: TrackTime, dts: number, timeBase: number, nowSeconds: number): void {
    this.#originSeconds ??= Math.max(nowSeconds, this.#latestSeconds) - dts / timeBase;
    time.run = this.#run;
    time.offset = Math.round(this.#originSeconds * timeBase);
  }

  #followJumps(time: TrackTime, dts: number, timeBase: number, nowSeconds: number): void {
    const stepSeconds = (dts - time.inputDts) / timeBase;
    const elapsedSeconds = nowSeconds - time.arrivalSeconds;
    const jumped = stepSeconds < -DISORDER_SECONDS || Math.abs(stepSeconds - elapsedSeconds) > JUMP_SECONDS;
    if (jumped) time.offset = Math.max(Math.round(nowSeconds * timeBase), time.outputDts + 1) - dts;
  }
}

/** The camera came back with another codec in this track's place. */
function rescale(time: TrackTime, timeBase: number): void {
  const scale = time.timeBase ? timeBase / time.timeBase : 1;
  time.timeBase = timeBase;
  time.offset = Math.round(time.offset * scale);
  time.inputDts = Math.round(time.inputDts * scale);
  time.outputDts = Math.ceil(time.outputDts * scale);
}

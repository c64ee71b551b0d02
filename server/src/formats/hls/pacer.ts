/**
 * Segments come in bursts of seconds; packets leave when their time has come, so that viewers get an even stream.
 *
 *   in    ▮▮▮▮▮▮▮▮            ▮▮▮▮▮▮▮▮            ▮▮▮▮▮▮▮▮
 *   out   ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮  ▮
 *
 * The clock begins with the first packet. It stops while there is nothing to send, jumps over holes, and runs a little
 * faster while more is waiting than a live stream needs.
 */
import type { WritePacket } from '../../core/model.ts';
import type { Timed } from './rendition.ts';

const LATE_SECONDS = 0.3;
/** A hole in the stream is waited for no longer. */
const HOLE_SECONDS = 10;
const CATCH_UP_RATE = 1.05;
const LEAST_TIMER_MS = 5;
const MOST_TIMER_MS = 500;

/** Media time against wall time: pure arithmetic. */
export class PlayClock {
  #mediaSeconds = 0;
  #wallMs: number | undefined;
  rate = 1;

  /** Media time that should have been sent. */
  at(nowMs: number): number {
    return this.#wallMs === undefined
      ? Number.NEGATIVE_INFINITY
      : this.#mediaSeconds + (this.rate * (nowMs - this.#wallMs)) / 1000;
  }

  setRate(rate: number, nowMs: number): void {
    if (rate === this.rate || this.#wallMs === undefined) return;
    this.#mediaSeconds = this.at(nowMs);
    this.#wallMs = nowMs;
    this.rate = rate;
  }

  /** How long until a packet of this time is due; moves the clock where the packet is late, or far away. */
  dueInMs(seconds: number, nowMs: number): number {
    const aheadSeconds = seconds - this.at(nowMs);
    if (!(aheadSeconds >= -LATE_SECONDS && aheadSeconds <= HOLE_SECONDS)) {
      this.#mediaSeconds = seconds;
      this.#wallMs = nowMs;
      return 0;
    }
    return Math.max(0, (1000 * aheadSeconds) / this.rate);
  }
}

interface Queue {
  packets: Timed[];
  next: number;
}

export class Pacer {
  readonly #clock = new PlayClock();
  readonly #queues = new Map<number, Queue>();
  readonly #room = new Set<{ readonly seconds: number; readonly resolve: () => void }>();
  /** More than this is caught up with; Infinity = never. */
  readonly #comfortSeconds: number;
  #bytes = 0;
  #latestSeconds = Number.NEGATIVE_INFINITY;
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(comfortSeconds: number) {
    this.#comfortSeconds = comfortSeconds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(packet: Timed): void {
    let queue = this.#queues.get(packet.track.id);
    if (!queue) {
      queue = { packets: [], next: 0 };
      this.#queues.set(packet.track.id, queue);
    }
    queue.packets.push(packet);
    this.#bytes += packet.data.length;
    this.#latestSeconds = secondsOf(packet);
    this.#wake();
  }

  /** Nothing more will come: `run` ends when all is sent, and rejects if there was a failure. */
  end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  /** Resolves when the clock has come to this time. */
  reached(seconds: number): Promise<void> {
    if (this.#clock.at(performance.now()) >= seconds) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#room.add({ seconds, resolve });
    return promise;
  }

  /** Sends packets in time until the end, or until the signal aborts. */
  async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#sendDue(write);
      if (waitMs === undefined && this.#ended) break;
      await this.#pause(waitMs ?? MOST_TIMER_MS, signal);
    }
    this.#release(Number.POSITIVE_INFINITY);
    if (this.#failure && !signal.aborted) throw this.#failure;
  }

  /** Sends what is due, in order of time; returns how long until the next, undefined if there is none. */
  #sendDue(write: WritePacket): number | undefined {
    const nowMs = performance.now();
    for (;;) {
      const queue = this.#earliest();
      if (!queue) {
        this.#release(Number.POSITIVE_INFINITY);
        return undefined;
      }
      const packet = queue.packets[queue.next]!;
      const seconds = secondsOf(packet);
      this.#clock.setRate(this.#latestSeconds - seconds > this.#comfortSeconds ? CATCH_UP_RATE : 1, nowMs);
      const waitMs = this.#clock.dueInMs(seconds, nowMs);
      this.#release(this.#clock.at(nowMs));
      if (waitMs > LEAST_TIMER_MS / 2) return waitMs;
      take(queue);
      this.#bytes -= packet.data.length;
      if (packet.time === 0) packet.time = Date.now();
      write(packet);
    }
  }

  #earliest(): Queue | undefined {
    let earliest: Queue | undefined;
    let seconds = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      const head = queue.packets[queue.next];
      if (!head || secondsOf(head) >= seconds) continue;
      earliest = queue;
      seconds = secondsOf(head);
    }
    return earliest;
  }

  /** Lets those go on who wait for this time. */
  #release(seconds: number): void {
    for (const waiting of this.#room) {
      if (waiting.seconds > seconds) continue;
      this.#room.delete(waiting);
      waiting.resolve();
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(Math.max(ms, LEAST_TIMER_MS), MOST_TIMER_MS));
    // While the clock waits for a packet that is there, one that comes later changes nothing.
    this.#wake = ms >= MOST_TIMER_MS ? resolve : () => {};
    signal.addEventListener('abort', resolve as () => void, { once: true });
    await promise;
    clearTimeout(timer);
    this.#wake = () => {};
    signal.removeEventListener('abort', resolve as () => void);
  }
}

const COMPACT_AT = 256;

function take(queue: Queue): void {
  queue.next++;
  if (queue.next < COMPACT_AT && queue.next < queue.packets.length) return;
  queue.packets = queue.packets.slice(queue.next);
  queue.next = 0;
}

const secondsOf = ({ dts, track }: Pick<Timed, 'dts' | 'track'>): number => dts / track.codec.timeBase;

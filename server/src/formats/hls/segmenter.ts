/**
 * Collects chunks into parts and segments, once for all viewers. A part that is complete is copied into one piece: that
 * costs once what a hundred writes instead of a few would cost each viewer.
 *
 *   add(chunk) ─→ current part ─→ current segment ─→ window that the playlist lists ─→ kept a while for slow viewers ─→ gone
 *
 * Asks to wait for what is not there yet (blocking playlist reloads, hinted parts) are answered as soon as it is.
 */
import type { Track } from '../../core/model.ts';
import { endsPart, endsSegment, FIRST_SEGMENT_SECONDS, type Plan, planSegments } from './cutting.ts';
import { type KnownTiming, Measure } from './measure.ts';
import type { Piece } from './piece.ts';
import type { MediaPlaylist } from './playlist-writer.ts';
import { type Part, type Payload, type Segment, SegmentWindow } from './segment-window.ts';

/** What players must have before the chunks of a muxer. */
export interface Header {
  /** The initialization segment. */
  readonly init: readonly Buffer[];
  /** What stands in front of a segment that begins with these bytes. */
  readonly lead?: (first: readonly Buffer[]) => Buffer | undefined;
}

interface Waiter {
  readonly check: () => boolean;
  readonly resolve: () => void;
}

export class Segmenter {
  readonly container: 'fmp4' | 'mpegts';
  readonly measure: Measure;
  readonly #waiters = new Set<Waiter>();
  readonly #window = new SegmentWindow();
  readonly #inits = new Map<number, Payload>();
  #initIndex = -1;
  #lead: Header['lead'];
  #nextSequence = 0;
  /** Fixed from the first segment on. */
  #targetSeconds: number | undefined;
  #partSeconds: number | undefined;
  #ended = false;
  tracks: readonly Track[] = [];

  // The segment that is being made.
  #parts: Part[] = [];
  #partBuffers: Buffer[] = [];
  #partBytes = 0;
  #partChunks = 0;
  #partIndependent = false;
  #partStart = 0;
  #chunks = 0;
  #bytes = 0;
  #independent = false;
  #discontinuity = false;
  #start = 0;
  #timeMs = 0;

  #end = 0;
  #lastStart = 0;
  #version = 0;

  constructor(container: 'fmp4' | 'mpegts', known: KnownTiming) {
    this.container = container;
    this.measure = new Measure(known);
  }

  get ended(): boolean {
    return this.#ended;
  }
  /** Counts what changes the playlist. */
  get version(): number {
    return this.#version;
  }
  /** Target duration as it stands, or would stand. */
  get plan(): Plan {
    const { gopSeconds, pendingSeconds, frameSeconds } = this.measure;
    const plan = planSegments(gopSeconds, pendingSeconds, frameSeconds);
    return {
      targetSeconds: this.#targetSeconds ?? plan.targetSeconds,
      partSeconds: this.#partSeconds ?? plan.partSeconds,
    };
  }

  /** A muxer begins, the first or another one: its chunks need this initialization segment. */
  restart(tracks: readonly Track[], { init, lead }: Header): void {
    if (this.#chunks > 0) this.#closeSegment(this.#end);
    this.#discontinuity = this.#nextSequence > 0;
    this.tracks = tracks;
    this.#lead = lead;
    this.#initIndex++;
    this.#inits.set(this.#initIndex, {
      buffers: init,
      bytes: init.reduce((sum, { length }) => sum + length, 0),
    });
    this.measure.restart();
  }

  add(piece: Piece): void {
    const { version } = this;
    const start = Math.max(piece.startSeconds, this.#lastStart);
    this.measure.add(piece, start);
    this.#cutBefore(piece, start);
    if (this.#chunks === 0) this.#beginSegment(piece, start);
    if (this.#partChunks === 0) {
      this.#partStart = start;
      this.#partIndependent = piece.key;
    }
    for (const buffer of piece.buffers) this.#partBuffers.push(buffer);
    this.#partBytes += piece.bytes;
    this.#partChunks++;
    this.#bytes += piece.bytes;
    this.#chunks++;
    this.#lastStart = start;
    this.#end = Math.max(this.#end, start + piece.seconds);
    if (this.#version !== version || this.#window.empty) this.#notify();
  }

  /** The stream is over. */
  end(): void {
    if (this.#ended) return;
    if (this.#chunks > 0) this.#closeSegment(this.#end);
    this.#ended = true;
    this.#version++;
    this.#notify();
  }

  /** The playlist; undefined as long as there is no complete segment. */
  playlist(): MediaPlaylist | undefined {
    this.#closeFirst();
    if (this.#window.empty) return undefined;
    const { targetSeconds, partSeconds } = this.plan;
    return {
      container: this.container,
      targetSeconds,
      partSeconds,
      segments: this.#window.listed,
      current: this.#chunks > 0 && !this.#ended ? this.#current() : undefined,
      discontinuitySequence: this.#window.discontinuitySequence,
      ended: this.#ended,
    };
  }

  /** Number of the newest complete segment, -1 before the first, and how many parts of the next are complete. */
  get edge(): { readonly sequence: number; readonly parts: number } {
    return { sequence: this.#nextSequence - 1, parts: this.#parts.length };
  }

  /** Whether part `part` of segment `sequence`, or the whole segment, is complete. */
  has(sequence: number, part?: number): boolean {
    const edge = this.edge;
    if (sequence <= edge.sequence) return true;
    return part !== undefined && sequence === edge.sequence + 1 && part < edge.parts;
  }

  init(index = this.#initIndex): Payload | undefined {
    return this.#inits.get(index);
  }

  /** A segment, or a part of one; undefined if it is gone or not there yet. */
  get(sequence: number, part?: number): Payload | undefined {
    const segment = this.#window.get(sequence);
    if (part !== undefined) {
      const parts = segment?.parts ?? (sequence === this.#nextSequence ? this.#parts : []);
      return parts[part];
    }
    return segment && { buffers: segment.parts.flatMap(({ buffers }) => buffers), bytes: segment.bytes };
  }

  /** Resolves when `check` holds, the stream has ended, the time is over, or the signal aborts. */
  wait(check: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#ended || signal.aborted || check()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      check,
      resolve: () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', waiter.resolve);
        this.#waiters.delete(waiter);
        resolve();
      },
    };
    const timer = setTimeout(waiter.resolve, timeoutMs);
    signal.addEventListener('abort', waiter.resolve);
    this.#waiters.add(waiter);
    return promise;
  }

  /** Whether a first playlist could be given. */
  get ready(): boolean {
    return !this.#window.empty || this.#end - this.#start >= FIRST_SEGMENT_SECONDS;
  }

  #notify(): void {
    for (const waiter of this.#waiters) if (this.#ended || waiter.check()) waiter.resolve();
  }

  /** Somebody waits for the first playlist: what is there is a segment, wherever it ends. */
  #closeFirst(): void {
    const isLong = this.#chunks > 0 && this.#end - this.#start >= FIRST_SEGMENT_SECONDS;
    if (this.#window.empty && isLong) this.#closeSegment(this.#end);
  }

  #cutBefore(piece: Piece, start: number): void {
    if (this.#chunks === 0) return;
    const filling = {
      seconds: start - this.#start,
      bytes: this.#bytes,
      chunks: this.#chunks,
      independent: this.#independent,
    };
    if (piece.discontinuity) {
      this.#closeSegment(this.#end);
      this.#discontinuity = true;
    } else if (endsSegment(filling, this.plan, piece.key, piece.seconds)) {
      this.#closeSegment(start);
    } else if (this.container === 'fmp4') {
      const part = { seconds: start - this.#partStart, chunks: this.#partChunks };
      if (endsPart(part, this.plan, piece.seconds)) this.#closePart(start);
    }
  }

  #beginSegment(piece: Piece, start: number): void {
    this.#start = start;
    this.#independent = piece.key;
    this.#timeMs = piece.timeMs;
    const lead = this.#lead?.(piece.buffers);
    if (!lead) return;
    this.#partBuffers.push(lead);
    this.#partBytes += lead.length;
    this.#bytes += lead.length;
  }

  #closePart(end: number): void {
    if (this.#partChunks === 0) return;
    this.#parts.push({
      buffers: [Buffer.concat(this.#partBuffers, this.#partBytes)],
      bytes: this.#partBytes,
      seconds: Math.max(0, end - this.#partStart),
      independent: this.#partIndependent,
    });
    this.#partBuffers = [];
    this.#partBytes = 0;
    this.#partChunks = 0;
    this.#version++;
  }

  #closeSegment(end: number): void {
    this.#closePart(end);
    this.#partSeconds ??= Math.max(this.plan.partSeconds, ...this.#parts.map(({ seconds }) => seconds));
    this.#targetSeconds ??= Math.max(this.plan.targetSeconds, Math.round(end - this.#start));
    this.#window.push(this.#current(end), this.#targetSeconds);
    const oldestInit = this.#window.oldest?.initIndex ?? this.#initIndex;
    for (const index of this.#inits.keys()) if (index < oldestInit) this.#inits.delete(index);
    this.#nextSequence++;
    this.#parts = [];
    this.#chunks = 0;
    this.#bytes = 0;
    this.#discontinuity = false;
    this.#version++;
  }

  /** The segment that is being made, up to its last complete part. */
  #current(end = this.#start + this.#parts.reduce((sum, { seconds }) => sum + seconds, 0)): Segment {
    return {
      sequence: this.#nextSequence,
      seconds: Math.max(0, end - this.#start),
      independent: this.#independent,
      discontinuity: this.#discontinuity,
      initIndex: this.#initIndex,
      timeMs: this.#timeMs,
      parts: this.#parts,
      bytes: this.#bytes,
    };
  }
}

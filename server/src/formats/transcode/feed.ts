/** The standard input of FFmpeg as a viewer of Matroska: what it does not read in time is skipped, as for any slow viewer. */
import { StreamError } from '../../core/errors.ts';
import { type Chunk, createPeer, type Muxer, type Viewer } from '../../core/model.ts';
import type { RunningProcess } from '../exec/process.ts';

/** Packets went in and nothing came out for this long: it will not work any more. */
const SILENCE_MS = 15_000;

export class Feed implements Viewer {
  readonly peer = createPeer({ format: 'transcode', protocol: 'pipe' });
  readonly #program: RunningProcess;
  readonly #onEnd: (reason: Error) => void;
  #started = false;
  /** When a packet went in that nothing has come out after. */
  #waitingSinceMs: number | undefined;

  constructor(program: RunningProcess, onEnd: (reason: Error) => void) {
    this.#program = program;
    this.#onEnd = onEnd;
  }

  get queuedBytes(): number {
    return this.#program.stdin.writableLength;
  }

  start({ header }: Muxer): void {
    // Matroska has one header: the transcode begins anew.
    if (this.#started) throw new StreamError('closed', 'camera changed its picture');
    this.#started = true;
    for (const bytes of header) this.#program.stdin.write(bytes);
  }

  write({ body }: Chunk): void {
    const { stdin } = this.#program;
    if (!stdin.writable) return;
    const nowMs = performance.now();
    this.#waitingSinceMs ??= nowMs;
    if (nowMs - this.#waitingSinceMs > SILENCE_MS) throw new StreamError('stalled', 'ffmpeg gives no output');
    stdin.cork();
    for (const bytes of body) stdin.write(bytes);
    stdin.uncork();
  }

  /** Something came out. */
  answered(): void {
    this.#waitingSinceMs = undefined;
  }

  close(reason?: Error): void {
    this.#onEnd(reason ?? new StreamError('closed', 'stream ended'));
  }
}

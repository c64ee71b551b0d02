/**
 * FFmpeg as the judge of codecs, in plain calls that wait: it makes the samples that we read, and reads what we make.
 */
import { execFileSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 << 20;
const TIMEOUT_MS = 60_000;

/** Runs ffmpeg with these arguments (split at spaces when given as one text); `input` is its stdin, the result its stdout. Throws with its stderr. */
export function ffmpeg(args: string | readonly string[], input?: Buffer): Buffer {
  return run('ffmpeg', ['-hide_banner', '-v', 'error', '-nostdin', ...split(args)], input);
}

/** Runs ffprobe on these bytes and gives its JSON, streams and packets as asked for by `args`. */
export function ffprobe(args: string | readonly string[], input: Buffer): Probe {
  const output = run('ffprobe', ['-v', 'error', '-of', 'json', ...split(args), '-i', 'pipe:0'], input);
  return JSON.parse(output.toString()) as Probe;
}

export interface Probe {
  readonly streams?: readonly Readonly<Record<string, string | number>>[];
  readonly packets?: readonly Readonly<Record<string, string | number>>[];
  readonly frames?: readonly Readonly<Record<string, string | number>>[];
}

function split(args: string | readonly string[]): readonly string[] {
  return typeof args === 'string' ? args.split(' ').filter(Boolean) : args;
}

function run(program: string, args: readonly string[], input: Buffer | undefined): Buffer {
  return execFileSync(program, args, {
    ...(input && { input }),
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: TIMEOUT_MS,
  });
}

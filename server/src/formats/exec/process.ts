/**
 * Child processes of sources: no shell, a process group of their own so that the whole tree is reaped, standard
 * error to the log, nothing left behind when the server exits.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StreamError } from '../../core/errors.ts';
import type { Logger } from '../../util/log.ts';

export interface ProcessSettings {
  readonly log: Logger;
  /** First signal of `stop`; SIGKILL by default. */
  readonly killSignal?: NodeJS.Signals | number | undefined;
  /** SIGKILL follows this long after another first signal; 0 = never. */
  readonly killTimeoutMs?: number | undefined;
}

/** A running program. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Text; its end is in `exited`, too. */
  readonly stderr: Readable;
  /** Resolves when the program has ended, with why in words: "ffmpeg: exit code 1: No such file". Never rejects. */
  readonly exited: Promise<string>;
  /** Ends the whole process group; resolves when the program is gone. */
  stop(): Promise<void>;
}

const STDERR_TAIL_BYTES = 2048;
const DEFAULT_KILL_TIMEOUT_MS = 5000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

/** Starts a program. Rejects with StreamError `process` when it is missing or may not be run. */
export async function startProcess(
  argv: readonly string[],
  settings: ProcessSettings,
): Promise<RunningProcess> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const tail = collectStderr(child, settings.log);
  const name = file.slice(file.lastIndexOf('/') + 1);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => reject(startError(name, error)));
  });
  running.add(child);
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      signalGroup(child, 'SIGKILL');
      running.delete(child);
      resolve(describeExit(name, code, signal, tail()));
    });
  });
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    async stop() {
      if (!running.has(child)) return;
      const { killSignal = 'SIGKILL', killTimeoutMs = DEFAULT_KILL_TIMEOUT_MS } = settings;
      signalGroup(child, killSignal);
      const timer = killTimeoutMs
        ? setTimeout(() => signalGroup(child, 'SIGKILL'), killTimeoutMs)
        : undefined;
      await exited;
      clearTimeout(timer);
      child.stdout.destroy();
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals | number): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function collectStderr(child: ChildProcess, log: Logger): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_BYTES);
    if (log.enabled('debug')) for (const line of text.split('\n')) if (line.trim()) log.debug(line.trim());
  });
  return () => tail.trim();
}

function startError(name: string, error: NodeJS.ErrnoException): StreamError {
  const reason = error.code === 'ENOENT' ? `program not found: ${name} (is it installed?)` : error.message;
  return new StreamError('process', reason, error);
}

function describeExit(name: string, code: number | null, signal: string | null, stderr: string): string {
  const how = signal ? `ended by ${signal}` : `exit code ${code}`;
  const lastLines = stderr.split('\n').slice(-3).join('; ');
  return lastLines ? `${name}: ${how}: ${lastLines}` : `${name}: ${how}`;
}

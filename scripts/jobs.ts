/** What the test command is made of: jobs, each with what came of it. */
import { type SpawnOptions, spawn } from 'node:child_process';

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What a reader needs to find the failures. */
  readonly report: string;
}

export interface Job {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

/** Runs a program to its end; `output` is what it printed, both streams. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'timeout'>,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output += bytes;
    });
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return { ok: (await promise) === 0, output };
}

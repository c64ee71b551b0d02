/** Runs programs for tests. Children die with the test process, however it ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** From util-linux: the kernel ends the child when this process is gone, also after SIGKILL. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** `spawn`, but the child does not outlive this process. */
export function spawnTied(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  return SETPRIV
    ? spawn(SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args], options)
    : spawn(command, args, options);
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end; it is killed after `timeoutMs`. Never rejects for a failure of the program: look at `code`. */
export async function run(
  command: string,
  args: readonly string[],
  { timeoutMs = 30_000, input, cwd }: { timeoutMs?: number; input?: Buffer; cwd?: string } = {},
): Promise<Finished> {
  const child = spawnTied(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout!.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr!.on('data', (bytes: Buffer) => {
    stderr += bytes;
  });
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise.finally(() => clearTimeout(timer));
  return { code, stdout: Buffer.concat(stdout), stderr };
}

/** Runs a program that must succeed; returns what it printed. */
export async function runOk(command: string, args: readonly string[], timeoutMs?: number): Promise<Buffer> {
  const { code, stdout, stderr } = await run(command, args, timeoutMs === undefined ? {} : { timeoutMs });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.slice(-2000)}`);
  return stdout;
}

/** Runs a program to its end for what it prints: discovery, `echo:`. */
import { StreamError } from '../../core/errors.ts';
import { type ProcessSettings, startProcess } from './process.ts';

export interface OutputSettings extends ProcessSettings {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** What is read; standard output by default. */
  readonly read?: 'stdout' | 'stderr' | undefined;
}

/**
 * What it printed. Rejects with StreamError: `process` with its last words, `timeout`, `limit`, `aborted`. How a program
 * ends that is read for its standard error does not matter: FFmpeg lists devices and fails.
 */
export async function runProgram(argv: readonly string[], settings: OutputSettings): Promise<string> {
  const { signal, timeoutMs, maxBytes, read = 'stdout' } = settings;
  signal.throwIfAborted();
  const program = await startProcess(argv, settings);
  const parts: Buffer[] = [];
  let bytes = 0;
  let failure: StreamError | undefined;
  const fail = (error: StreamError): void => {
    failure ??= error;
    void program.stop();
  };
  const timer = setTimeout(
    () => fail(new StreamError('timeout', `${argv[0]} did not end within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const abort = (): void => fail(new StreamError('aborted', `${argv[0]} is not needed any more`));
  signal.addEventListener('abort', abort, { once: true });
  program.stdin.end();
  const input = program[read];
  if (read === 'stderr') program.stdout.resume();
  input.on('data', (data: Buffer | string) => {
    const part = Buffer.from(data);
    bytes += part.length;
    if (bytes > maxBytes) fail(new StreamError('limit', `${argv[0]} prints more than ${maxBytes} bytes`));
    else parts.push(part);
  });
  const printed = new Promise<void>((resolve) => input.once('close', resolve));
  const reason = await program.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  if (failure) throw failure;
  await printed;
  if (read === 'stdout' && !/: exit code 0(?:$|: )/.test(reason)) throw new StreamError('process', reason);
  return Buffer.concat(parts).toString();
}

/** Runs a program to its end for what it prints: discovery, `echo:`. */
import { StreamError } from '../../core/errors.ts';
import { type ProcessSettings, startProcess } from './process.ts';

export interface OutputSettings extends ProcessSettings {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Of standard output. */
  readonly maxBytes: number;
}

/** Its standard output. Rejects with StreamError: `process` with its last words, `timeout`, `limit`, `aborted`. */
export async function runProgram(argv: readonly string[], settings: OutputSettings): Promise<string> {
  const { signal, timeoutMs, maxBytes } = settings;
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
  program.stdout.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > maxBytes) fail(new StreamError('limit', `${argv[0]} prints more than ${maxBytes} bytes`));
    else parts.push(part);
  });
  const printed = new Promise<void>((resolve) => program.stdout.once('close', resolve));
  const reason = await program.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  if (failure) throw failure;
  await printed;
  if (!reason.includes('exit code 0')) throw new StreamError('process', reason);
  return Buffer.concat(parts).toString();
}

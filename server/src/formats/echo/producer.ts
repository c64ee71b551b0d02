/**
 * `echo:COMMAND…`: the command prints the text of the source on its standard output. It runs each time that the source
 * is opened, without a shell; the first word must be in `echo.allow_paths`, where the config has that list.
 */
import { StreamError } from '../../core/errors.ts';
import { splitCommandLine } from '../exec/command-line.ts';
import { checkAllowed } from '../exec/options.ts';
import { runProgram } from '../exec/output.ts';
import type { OpenProducer } from '../format.ts';
import { openResult } from '../redirect.ts';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4096;

export const open: OpenProducer = async (source, context) => {
  // What stands behind a `#` belongs to the command.
  const argv = splitCommandLine(source.text.slice(source.scheme.length + 1));
  checkAllowed('echo', argv, context.services.section('echo').allow_paths);
  const output = await runProgram(argv, {
    log: context.log,
    signal: context.signal,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_OUTPUT_BYTES,
  });
  const text = output.trim();
  if (text === '') throw new StreamError('process', `echo: ${argv[0]} printed nothing`);
  return openResult('echo', text, context);
};

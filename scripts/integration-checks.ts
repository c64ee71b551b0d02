/** The checks and tests of the Home Assistant integration, in a core that is installed when it is missing. */
import { join } from 'node:path';
import { CORE_HOME, installCore } from '../test/ha/core.ts';
import { type Job, type Outcome, runProgram } from './jobs.ts';

const INTEGRATION = join(import.meta.dirname, '../integration');
const BIN = join(CORE_HOME, 'venv/bin');
const TEST_TIMEOUT_MS = 600_000;

/** Linter, formatter, types, and pytest, whose tests count one by one. */
export function integrationChecks(): Job[] {
  return [
    check('ruff check', ['ruff', 'check', '.']),
    check('ruff format', ['ruff', 'format', '--check', '.']),
    check('mypy', ['mypy']),
    { name: 'pytest integration/tests', run: () => run(['pytest', '-q', '--disable-warnings'], countTests) },
  ];
}

function check(name: string, command: readonly string[]): Job {
  const count: Count = (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });
  return { name: `${name} integration`, run: () => run(command, count) };
}

type Count = (output: string, ok: boolean) => { readonly passed: number; readonly failed: number };

/** Reads `2 failed, 110 passed, 1 error in 40.1s`; a run that ends otherwise is a failure. */
const countTests: Count = (output, ok) => {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const number = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(last)?.[1] ?? 0);
  const failed = number('failed') + number('error');
  return { passed: number('passed'), failed: ok ? failed : Math.max(1, failed) };
};

let installed: Promise<void> | undefined;

async function run([program = '', ...args]: readonly string[], count: Count): Promise<Outcome> {
  installed ??= installCore();
  try {
    await installed;
  } catch (error) {
    return { passed: 0, failed: 1, report: `core was not installed: ${error}` };
  }
  const options = { cwd: INTEGRATION, timeout: TEST_TIMEOUT_MS };
  const { ok, output } = await runProgram(join(BIN, program), args, options);
  return { ...count(output, ok), report: ok ? '' : output };
}

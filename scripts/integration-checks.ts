/** The checks and tests of the Home Assistant integration, in a core that is installed when it is missing. */
import { execFile, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const INTEGRATION = join(ROOT, 'integration');
/** Where test/ha keeps core, too. */
const CORE_HOME = process.env.CORE_HOME ?? join(homedir(), '.cache/porthole-tests/core');
const BIN = join(CORE_HOME, 'venv/bin');
const INSTALL_TIMEOUT_MS = 600_000;
const TEST_TIMEOUT_MS = 600_000;

export interface CheckOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly report: string;
}

export interface CheckJob {
  readonly name: string;
  readonly run: () => Promise<CheckOutcome>;
}

/** Linter, formatter, types, and pytest, whose tests count one by one. */
export function integrationChecks(): CheckJob[] {
  return [
    check('ruff check', ['ruff', 'check', '.']),
    check('ruff format', ['ruff', 'format', '--check', '.']),
    check('mypy', ['mypy']),
    { name: 'pytest integration/tests', run: () => run(['pytest', '-q', '--disable-warnings'], countTests) },
  ];
}

function check(name: string, command: readonly string[]): CheckJob {
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

let installed: Promise<unknown> | undefined;

async function run([program = '', ...args]: readonly string[], count: Count): Promise<CheckOutcome> {
  installed ??= promisify(execFile)(join(ROOT, 'test/ha/install-core.sh'), [CORE_HOME], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  try {
    await installed;
  } catch (error) {
    return { passed: 0, failed: 1, report: `core was not installed: ${error}` };
  }
  const child = spawn(join(BIN, program), args, {
    cwd: INTEGRATION,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TEST_TIMEOUT_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output += bytes;
    });
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  const ok = (await promise) === 0;
  return { ...count(output, ok), report: ok ? '' : output };
}

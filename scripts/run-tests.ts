/**
 * Runs the checks (Biome, tsc) and every test file, each in its own process, and ends with one line:
 * `N passed, N failed`. A check counts as one test; so does a file that crashes, hangs, or holds no test.
 */
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';
import { integrationChecks } from './integration-checks.ts';
import { type Job, type Outcome, runProgram } from './jobs.ts';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');
const IGNORED = ['**/node_modules/**', '**/dist/**'];

/** Stories with a real Home Assistant: in a network of their own, where this program runs once more. */
const AT_HOME = /^test\/ha\//;
const IS_AT_HOME = process.env.PORTHOLE_TEST_NETWORK !== undefined;
/** End to end: servers, cameras and players as processes of their own, in real time. */
const LONG = /^test\/(e2e|bench|ha)\//;
/** Of those, the ones that load the machine, or measure how soon something is seen, run alone. */
const ALONE =
  /^test\/(bench|ha\/(stories|addon)|e2e\/(crowd|slow-viewer|matrix|first-light|player|mse-time|hls\.|webrtc-browser))/;
const PARALLEL = 3;
const FILE_TIMEOUT_MS = 120_000;
const LONG_TIMEOUT_MS = 360_000;
/** Of what a failing file printed, this much is shown. */
const MAXIMUM_OUTPUT = 8000;

function listFiles(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT, exclude: IGNORED }).sort();
}

function checks(): Job[] {
  const projects = listFiles('**/tsconfig{,.browser-tests}.json');
  return [
    { name: 'biome', run: () => runCheck(join(BIN, 'biome'), ['check', '.']) },
    ...projects.map((project) => ({
      name: `tsc ${project}`,
      run: () => runCheck(join(BIN, 'tsc'), ['--noEmit', '-p', project]),
    })),
  ];
}

function testFiles(): Job[] {
  return listFiles('{server,frontend-card,test}/**/*.test.ts')
    .filter((name) => AT_HOME.test(name) === IS_AT_HOME)
    .map((name) => ({ name, run: () => runTestFile(name) }));
}

/** The built add-on, core and what they need come from outside, so before there is no way out. */
function stories(): Job[] {
  if (IS_AT_HOME) return [];
  const network = join(ROOT, 'test/ha/network.sh');
  return [
    { name: 'test/ha/prepare', run: () => runCheck(process.execPath, [join(ROOT, 'test/ha/prepare.ts')]) },
    {
      name: 'test/ha/stories',
      run: () => runCounted(network, [process.execPath, join(ROOT, 'scripts/run-tests.ts'), 'test/ha']),
    },
  ];
}

async function runCheck(command: string, args: readonly string[]): Promise<Outcome> {
  const { ok, output } = await runProgram(command, args, { cwd: ROOT });
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, report: ok ? '' : output };
}

/** A program whose last line is `N passed, N failed`, as ours is. */
async function runCounted(command: string, args: readonly string[]): Promise<Outcome> {
  const { ok, output } = await runProgram(command, args, { cwd: ROOT });
  const [, passed = '0', failed = '1'] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed), report: ok ? '' : output };
}

async function runTestFile(name: string): Promise<Outcome> {
  const timeoutMs = LONG.test(name) ? LONG_TIMEOUT_MS : FILE_TIMEOUT_MS;
  const failures: string[] = [];
  let passed = 0;
  let printed = '';
  const signal = AbortSignal.timeout(timeoutMs);
  const events = run({ files: [join(ROOT, name)], signal });
  for await (const { type, data } of events as AsyncIterable<TestEvent>) {
    if (type === 'test:stdout' || type === 'test:stderr') printed += data.message;
    if (type === 'test:pass' && isTest(data)) {
      if (isFile(data, name)) failures.push('holds no test');
      else passed++;
    }
    if (type === 'test:fail' && isTest(data)) {
      const whole = isFile(data, name);
      const reason =
        whole && signal.aborted ? `did not end within ${timeoutMs / 1000} s` : describe(data.details.error);
      failures.push(whole ? reason : `${data.name}\n${reason}`);
    }
  }
  const output = failures.length > 0 && printed ? ['printed:', printed.slice(-MAXIMUM_OUTPUT)] : [];
  return { passed, failed: failures.length, report: [...failures, ...output].join('\n') };
}

type Result = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data'];

function isTest({ details, skip, todo }: Result): boolean {
  return details.type !== 'suite' && !skip && !todo;
}

/** A file that crashes, hangs or holds no test is reported as a test of that name. */
function isFile({ name }: Result, path: string): boolean {
  return relative(ROOT, name) === path;
}

function describe(error: Error): string {
  return typeof error.cause === 'string' ? error.cause : inspect(error.cause ?? error);
}

/** Runs the jobs, `width` at a time; prints a line for each when it ends. */
async function runAll(jobs: readonly Job[], width: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of waiting) {
      const startedAt = performance.now();
      const outcome = await job.run();
      outcomes.push(outcome);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${outcome.failed ? '✖' : '✔'} ${job.name} (${outcome.passed} passed, ${seconds} s)`);
      if (outcome.failed) console.log(outcome.report.replace(/^/gm, '    '));
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return outcomes;
}

const patterns = process.argv.slice(2);
const chosen = [
  ...(IS_AT_HOME ? [] : [...checks(), ...integrationChecks()]),
  ...stories(),
  ...testFiles(),
].filter(({ name }) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)));
const outcomes = [
  ...(await runAll(
    chosen.filter(({ name }) => !ALONE.test(name)),
    PARALLEL,
  )),
  ...(await runAll(
    chosen.filter(({ name }) => ALONE.test(name)),
    1,
  )),
];
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/**
 * Brings a fresh machine to where the project runs: npm packages (Node 26 is one of them) and system programs.
 * Runs on the Node that the machine has (20 and later) and needs no package itself.
 */
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

/** The Node that the server and its tests run on; exists once `installPackages` has settled. */
export const NODE = join(ROOT, `node_modules/node-linux-${process.arch}/bin/node`);

const PACKAGE_LOCK = join(ROOT, 'package-lock.json');
const INSTALLED_LOCK = join(ROOT, 'node_modules/.package-lock.json');

/** A failure that its message explains in full: `runScript` shows it without a stack. */
export class SetupError extends Error {}

/** Runs the body of a script; a SetupError becomes one line and exit code 1. */
export async function runScript(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`porthole: ${error.message}`);
    process.exit(1);
  }
}

/** Runs `npm ci` when node_modules is missing, incomplete or older than package-lock.json. */
export async function installPackages() {
  if (existsSync(NODE) && modifiedAt(INSTALLED_LOCK) >= modifiedAt(PACKAGE_LOCK)) return;
  const anyConfig = ['--include=dev', '--include=optional', '--engine-strict=false'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress'];
  await step('installing npm packages', 'npm', ['ci', ...anyConfig, ...quiet]);
  if (!existsSync(NODE))
    throw new SetupError(`there is no Node for linux-${process.arch} among the packages`);
}

/**
 * Installs the Debian packages that are missing, by their names; `package:command` where its command has another name.
 * Where it may not (not root, no apt-get), it fails with the command for the user to type.
 */
export async function installPrograms(names) {
  const missing = names
    .map((name) => name.split(':'))
    .filter(([name, command = name]) => !hasCommand(command))
    .map(([name]) => name);
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0 || !hasCommand('apt-get')) {
    throw new SetupError(`${missing.join(' and ')} missing; install with: sudo apt-get ${install.join(' ')}`);
  }
  const patient = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  await step('updating the package lists', 'apt-get', [...patient, 'update']);
  await step(`installing ${missing.join(' and ')}`, 'apt-get', [...patient, ...install]);
}

/**
 * Gives the terminal, the signals and the exit code to Node 26 running `args`. Newer Nodes become that process;
 * an older one stays as its parent.
 */
export function handOver(args) {
  if (process.execve) process.execve(NODE, [NODE, ...args], process.env);
  const child = spawn(NODE, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Announces a long step, runs its command in silence, and shows what it said only if it fails. */
async function step(title, command, args) {
  process.stderr.write(`porthole: ${title} … `);
  const startedAt = Date.now();
  const { code, output } = await runSystem(command, args);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  process.stderr.write(code === 0 ? `${seconds} s\n` : `failed\n${output}\n`);
  if (code !== 0) throw new SetupError(`${command} ${args.join(' ')} ended with ${code}`);
}

/** Runs a command of the system. npm puts node_modules/.bin first in PATH: left out, as `npm ci` removes the Node in it. */
function runSystem(command, args) {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  const env = { ...process.env, PATH: folders.join(delimiter), DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (bytes) => {
      output += bytes;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve({ code: error.code, output: error.message }));
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

function hasCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The program: arguments → configuration → streams → servers → signals. */
import { spawn } from 'node:child_process';
import { defaultConfigs, parseArguments, USAGE } from './config/arguments.ts';
import { ConfigError } from './config/error.ts';
import { openConfigStore } from './config/store.ts';
import type { Addon } from './homeassistant/addon.ts';
import { findSurroundings } from './homeassistant/surroundings.ts';
import { type RunningServer, startServer } from './server.ts';
import { collectGarbage, tuneGarbageCollector } from './util/garbage-collector.ts';
import { createLogger } from './util/log.ts';
import { API_VERSION, VERSION } from './util/version.ts';

tuneGarbageCollector();
logWarnings();

const STOP_TIMEOUT_MS = 5000;
/** After the start: the first questions are answered by then. */
const SETTLE_MS = 100;
const log = createLogger('app');

void main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  const { action, configs, daemon } = readArguments(argv);
  if (action === 'help') process.stdout.write(USAGE);
  else if (action === 'version')
    process.stdout.write(
      `porthole ${VERSION} (go2rtc API ${API_VERSION}) ${process.platform}/${process.arch}\n`,
    );
  else if (daemon) runInBackground(argv);
  else await serve(configs);
}

/** Node's own warnings go to the log: standard error belongs to what the user has to see. */
function logWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.debug('node', { warning: `${name}: ${message}` }));
}

function readArguments(argv: readonly string[]): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function serve(given: Parameters<typeof openConfigStore>[0]): Promise<void> {
  let addon: Addon | undefined;
  let server: RunningServer | undefined;
  let stopping = false;

  const stop = async (exitCode: number, then = (): void => {}): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(exitCode), STOP_TIMEOUT_MS).unref();
    addon?.close();
    await server?.close();
    then();
    process.exit(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write(`exit with signal: ${signal}\n`);
      void stop(0);
    });
  }
  process.on('uncaughtException', (error) => {
    log.error('unexpected', { error: error.stack ?? error.message });
  });
  process.on('unhandledRejection', (reason) => {
    log.error('unexpected', {
      error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    });
  });
  const shutdown = (how: { readonly exitCode: number } | 'restart'): void => {
    if (how !== 'restart') void stop(how.exitCode);
    else if (addon) void addon.restart().catch(() => stop(1));
    else void stop(0, runAgain);
  };
  try {
    addon = await openAddon();
    const defaults = addon?.configs ?? (given.length > 0 ? [] : defaultConfigs(process.cwd()));
    server = await startServer(openConfigStore([...defaults, ...given]), shutdown, addon);
    const { warmUp } = server;
    setTimeout(() => {
      collectGarbage();
      void warmUp();
    }, SETTLE_MS).unref();
  } catch (error) {
    log.error('cannot start', { error });
    process.exit(1);
  }
}

/** What only an add-on of Home Assistant needs, loaded where there is one. */
async function openAddon(): Promise<Addon | undefined> {
  const surroundings = findSurroundings(process.env);
  return surroundings && (await import('./homeassistant/addon.ts')).openAddon(surroundings);
}

/** The same program with the same arguments takes this one's place. */
function runAgain(): void {
  spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    detached: true,
  }).unref();
}

function runInBackground(argv: readonly string[]): void {
  const rest = argv.filter((word) => !/^--?d(aemon)?$/.test(word));
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...rest], {
    stdio: 'ignore',
    detached: true,
  });
  child.unref();
  process.stdout.write(`Running in daemon mode with PID: ${child.pid}\n`);
}

/** The add-on as its container would run: the files of its image, its own folders, its environment and nothing else. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runOk, spawnTied } from '../helpers/run.ts';

/** Where `build-addon.sh` leaves the files of the image; kept between runs. */
export const ADDON_ROOT = process.env.ADDON_ROOT ?? join(homedir(), '.cache/porthole-tests/addon');
const BUILD_TIMEOUT_MS = 600_000;
/** As the Supervisor: then it kills. */
const STOP_TIMEOUT_MS = 10_000;

/** Builds the image when its sources changed. */
export async function buildAddon(): Promise<void> {
  await runOk(join(import.meta.dirname, 'build-addon.sh'), [ADDON_ROOT], BUILD_TIMEOUT_MS);
}

export interface AddonSettings {
  /** Folder for `/data` and `/config`. */
  readonly directory: string;
  /** Core's config folder. */
  readonly homeassistant: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

export class Addon implements AsyncDisposable {
  /** Everything printed so far. */
  log = '';
  readonly #settings: AddonSettings;
  #process: ChildProcess | undefined;

  constructor(settings: AddonSettings) {
    this.#settings = settings;
  }

  get configPath(): string {
    return join(this.#settings.directory, 'config/porthole.yaml');
  }

  start(): void {
    const { directory, homeassistant, options, env } = this.#settings;
    const mounts: [string, string][] = [
      [join(directory, 'data'), '/data'],
      [join(directory, 'config'), '/config'],
      [join(directory, 'media'), '/media'],
      [join(directory, 'share'), '/share'],
      [homeassistant, '/homeassistant'],
      ['/dev', '/dev'],
    ];
    for (const [source] of mounts) mkdirSync(source, { recursive: true });
    writeFileSync(join(directory, 'data/options.json'), JSON.stringify(options));
    const script = [
      'set -e',
      ...mounts.flatMap(([source, target]) => [
        `mkdir -p ${ADDON_ROOT}${target}`,
        `mount --rbind ${source} ${ADDON_ROOT}${target}`,
      ]),
      `touch ${ADDON_ROOT}/etc/hosts`,
      `mount --bind /etc/hosts ${ADDON_ROOT}/etc/hosts`,
      `mount -t proc proc ${ADDON_ROOT}/proc`,
      `exec chroot ${ADDON_ROOT} /run.sh`,
    ].join('\n');
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const child = spawnTied('unshare', ['--mount', 'sh', '-c', script], {
      env: { PATH: path, HOME: '/root', TZ: 'UTC', LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
    this.#process = child;
  }

  /** SIGTERM, and SIGKILL when that is not enough; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const [code] = (await ended) as [number | null];
    clearTimeout(timer);
    return code;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

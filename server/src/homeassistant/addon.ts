/**
 * The server as an add-on of Home Assistant, in the order of a start:
 *
 *   as root      options → integration put in place → own folders → another user
 *   as porthole  address and ingress port from the Supervisor → ports that others have → the server starts
 *   afterwards   announced to core → told if core wants a restart
 *
 * Cameras do not wait for a Supervisor that is silent for long: the server starts, and is there for Home Assistant later.
 */
import { lookup } from 'node:dns/promises';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigArgument } from '../config/arguments.ts';
import { type ConfigProblem, formatProblem } from '../config/error.ts';
import { formatListen, isLoopbackHost, parseListen } from '../config/listen.ts';
import { loadConfig } from '../config/load.ts';
import { openState, type StateFile } from '../config/state.ts';
import { Listeners } from '../util/listeners.ts';
import { createLogger, type Logger } from '../util/log.ts';
import { announce } from './announce.ts';
import { type PortConflict, planPorts } from './conflicts.ts';
import { askCore } from './core-socket.ts';
import { deviceGroups, dropPrivileges, findUser } from './drop-privileges.ts';
import { type Installation, installIntegration } from './install-integration.ts';
import { type Key, loadKey } from './key.ts';
import type { MqttBroker } from './mqtt/publisher.ts';
import { type AddonOptions, configOfOptions, parseOptions } from './options.ts';
import { watchRestart } from './restart-notice.ts';
import { createRoles } from './roles.ts';
import { type AddonInfo, brokerOf, connectSupervisor, type Supervisor, whenReachable } from './supervisor.ts';
import type { Surroundings } from './surroundings.ts';

/** How Home Assistant reaches the server. */
export interface Reach {
  /** The addresses that the Supervisor and core reach us by, besides those of the config. */
  readonly extraListen: readonly string[];
  /** Undefined where the Supervisor names no port. */
  readonly ingress:
    | {
        readonly host: string;
        readonly port: number;
        readonly allowFrom: string;
        readonly roleOf: (userId: string) => Promise<'admin' | 'viewer'>;
      }
    | undefined;
}

export interface Addon {
  /** Options, config file, and the ports that are free. */
  readonly configs: readonly ConfigArgument[];
  /** What the server keeps, in the add-on's own folder. */
  readonly state: StateFile;
  readonly conflicts: readonly PortConflict[];
  /** The key that the integration shows. */
  readonly key: Key;
  /** The options open the API to everybody in the network. */
  readonly isOpen: boolean;
  /** Settles when the Supervisor has answered, however late that is. Never rejects. */
  readonly reach: Promise<Reach>;
  /** A go2rtc.yaml of Home Assistant, whose streams can be taken over. */
  importFrom(): { readonly path: string; readonly text: string } | undefined;
  readonly integration: {
    readonly installed: string | undefined;
    readonly bundled: string | undefined;
    /** Core has not loaded what is installed. */
    readonly restartRequired: boolean;
  };
  /** The listener is called when `integration` is another. */
  onChange(listener: () => void): void;
  /** The MQTT broker that Home Assistant knows; never rejects. */
  broker(): Promise<MqttBroker | undefined>;
  /** The server is there, with its API at these addresses: tells core. */
  started(server: { readonly id: string; readonly addresses: readonly string[] }): Promise<void>;
  /** An integration of this version has connected. */
  integrationConnected(version: string | undefined): void;
  /** Has the Supervisor start the add-on anew. */
  restart(): Promise<void>;
  close(): void;
}

const USER = 'porthole';
const CONFIG_FILE = 'porthole.yaml';
const STATE_FILE = 'state.json';
const NEW_CONFIG = '# This file takes precedence over the options of the add-on. The web page edits it.\n';
/** Of a user who reads the log. */
const PATIENCE_MS = 1000;
const SERVE_AFTER_MS = 5000;
const IMPORTABLE = 'go2rtc.yaml';
const MAX_IMPORT_BYTES = 1 << 20;

/** Does what has to be done before the server starts. Rejects where it cannot start at all. */
export async function openAddon(surroundings: Surroundings): Promise<Addon> {
  const log = createLogger('addon');
  const { data, config, homeassistant } = surroundings;
  const { options, problems } = parseOptions(readFileSync(surroundings.options, 'utf8'));
  report(problems, log);
  const installation = await install(surroundings, options, log);
  for (const folder of [data, config]) mkdirSync(folder, { recursive: true });
  becomeUser(surroundings, log);

  const supervisor = connectSupervisor(surroundings);
  const asked = askInfo(supervisor, log);
  const info = await Promise.race([asked, sleep(SERVE_AFTER_MS, undefined, { ref: false })]);
  const file = join(config, CONFIG_FILE);
  createFile(file, log);
  const { configs, conflicts, listen } = await configure(options, file, info?.ip_address, log);
  const roles = createRoles(() => askCore(supervisor, { type: 'config/auth/list' }));
  const changes = new Listeners();
  const restart = watchRestart({
    installed: options.install_integration ? installation.installed : undefined,
    loadedManifest: () => askCore(supervisor, { type: 'manifest/get', integration: 'porthole' }),
    callAction: supervisor.callAction,
    onChange: () => changes.tell(),
    log,
  });
  const state = openState(join(data, STATE_FILE));
  const key = loadKey(state);
  let announcement: { close(): void } | undefined;
  let closed = false;

  return {
    configs,
    state,
    conflicts,
    key,
    isOpen: options.open_to_lan,
    reach: asked.then((info) => reachBy(info, listen, supervisor, roles, log)),
    importFrom: () => readFirst([homeassistant, config].map((folder) => join(folder, IMPORTABLE))),
    get integration() {
      return {
        installed: installation.installed,
        bundled: installation.bundled,
        restartRequired: restart.required,
      };
    },
    onChange: (listener) => void changes.add(listener),
    broker: () => brokerOf(supervisor),
    async started({ id, addresses }) {
      const network = (await asked)?.network ?? undefined;
      if (!closed) announcement = announce({ supervisor, log, network, key, id, addresses });
    },
    integrationConnected: (version) => restart.connected(version),
    restart: () => supervisor.restartAddon(),
    close() {
      closed = true;
      announcement?.close();
      restart.close();
    },
  };
}

async function askInfo(supervisor: Supervisor, log: Logger): Promise<AddonInfo | undefined> {
  const late = setTimeout(() => log.warn('waiting for the Supervisor'), PATIENCE_MS);
  const info = await whenReachable(supervisor.addonInfo).catch((error): undefined => {
    log.error('the Supervisor does not say where the add-on is: no ingress', { error });
  });
  clearTimeout(late);
  return info;
}

/** The configuration's documents, and where the API will listen by them. */
async function configure(
  options: AddonOptions,
  file: string,
  supervisorSide: string | undefined,
  log: Logger,
): Promise<Pick<Addon, 'configs' | 'conflicts'> & { readonly listen: string }> {
  const documents: ConfigArgument[] = [
    { kind: 'document', text: JSON.stringify(configOfOptions(options)) },
    { kind: 'file', path: file },
  ];
  const { conflicts, overrides } = await planPorts(loadConfig(documents).config, supervisorSide);
  for (const conflict of conflicts) log.warn('port in use', { ...conflict });
  const configs = [...documents, ...overrides];
  return { configs, conflicts, listen: loadConfig(configs).config.api.listen };
}

function report(problems: readonly ConfigProblem[], log: Logger): void {
  for (const problem of problems) log.warn('options', { problem: formatProblem(problem) });
}

async function install(
  { integration, homeassistant }: Surroundings,
  options: AddonOptions,
  log: Logger,
): Promise<Installation> {
  const result = await installIntegration({
    source: integration,
    homeassistant,
    install: options.install_integration,
  });
  const { outcome, installed, reason } = result;
  const level = outcome === 'failed' ? 'error' : outcome === 'kept' ? 'debug' : 'info';
  log[level](`integration ${outcome}`, { version: installed, ...(reason ? { reason } : {}) });
  return result;
}

/** Only root can; anybody else stays who they are. */
function becomeUser({ data, config, devices, passwd }: Surroundings, log: Logger): void {
  if (process.getuid!() !== 0) return;
  const user = findUser(passwd, USER);
  if (!user) {
    log.warn('there is no user of this name: running as root', { user: USER });
    return;
  }
  const groups = deviceGroups(devices);
  dropPrivileges(user, { groups, folders: [data, config] });
  log.debug('running as', { user: USER, groups });
}

function createFile(path: string, log: Logger): void {
  try {
    writeFileSync(path, NEW_CONFIG, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') log.error('config file', { error });
  }
}

/** What follows from the Supervisor's answer, if there is one. */
async function reachBy(
  info: AddonInfo | undefined,
  listen: string,
  supervisor: Supervisor,
  roleOf: (userId: string) => Promise<'admin' | 'viewer'>,
  log: Logger,
): Promise<Reach> {
  if (!info) return { extraListen: [], ingress: undefined };
  const extra = extraAddress(listen, info.ip_address);
  const ingress = await ingressOf(info, supervisor, roleOf).catch((error): undefined => {
    log.error('no ingress', { error });
  });
  return { extraListen: extra === undefined ? [] : [extra], ingress };
}

/** The Supervisor connects from the address that its name stands for, and nobody else may. */
async function ingressOf(
  { ip_address: host, ingress_port: port }: AddonInfo,
  supervisor: Supervisor,
  roleOf: (userId: string) => Promise<'admin' | 'viewer'>,
): Promise<Reach['ingress']> {
  if (port === null) return undefined;
  const { address } = await lookup(supervisor.host.replace(/:\d+$/, ''), { family: 4 });
  return { host, port, allowFrom: address, roleOf };
}

/** The Supervisor's own network, where the API listens on this machine or another address alone. */
function extraAddress(listen: string, host: string): string | undefined {
  const address = parseListen(listen);
  if (!address?.host || address.host === host || isLoopbackHost(host)) return undefined;
  return formatListen({ host, port: address.port });
}

/** The first of these files that can be read. */
function readFirst(paths: readonly string[]): { path: string; text: string } | undefined {
  for (const path of paths) {
    try {
      if (statSync(path).size <= MAX_IMPORT_BYTES) return { path, text: readFileSync(path, 'utf8') };
    } catch {
      // Not there, or not ours to read.
    }
  }
  return undefined;
}

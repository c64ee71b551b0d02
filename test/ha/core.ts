/** A real Home Assistant core as a child process, driven through its public HTTP and WebSocket APIs only. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { runOk, spawnTied } from '../helpers/run.ts';
import { until } from '../helpers/wait.ts';

type Json = Record<string, unknown>;

/** Where `install-core.sh` leaves core; kept between runs. */
export const CORE_HOME = process.env.CORE_HOME ?? join(homedir(), '.cache/porthole-tests/core');
const INSTALL_TIMEOUT_MS = 420_000;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

const CONFIGURATION = (port: number): string => `
homeassistant:
  name: Test home
  latitude: 52.0
  longitude: 5.0
  elevation: 0
  unit_system: metric
  time_zone: UTC
  country: NL
  currency: EUR
  internal_url: http://127.0.0.1:${port}
  external_url: http://127.0.0.1:${port}
  allowlist_external_dirs: [/tmp]
http:
  server_host: [127.0.0.1, 172.30.32.1]
  server_port: ${port}
frontend:
config:
stream:
ffmpeg:
media_source:
logger:
  default: warning
  logs:
    homeassistant.bootstrap: info
    custom_components.porthole: debug
`;

export interface CoreOptions {
  readonly port: number;
  /** More of configuration.yaml. */
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface EntityState {
  readonly entity_id: string;
  readonly state: string;
  readonly attributes: Json;
}

export interface FlowResult {
  readonly type: string;
  readonly flow_id: string;
  readonly step_id?: string;
  readonly errors?: Json | null;
  readonly reason?: string;
  readonly data_schema?: readonly { readonly name: string; readonly [more: string]: unknown }[];
  readonly result?: Json;
  readonly [more: string]: unknown;
}

/** Installs core and its frontend when they are missing (about a minute, once). */
export async function installCore(): Promise<void> {
  await runOk(join(import.meta.dirname, 'install-core.sh'), [CORE_HOME], INSTALL_TIMEOUT_MS);
}

export class HomeAssistant implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'porthole-core-'));
  readonly url: string;
  token = '';
  readonly #options: CoreOptions;
  #process: ChildProcess | undefined;
  #socket: WebSocket | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #subscribers = new Map<number, (event: Json) => void>();

  constructor(options: CoreOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    const storage = join(this.directory, '.storage');
    mkdirSync(storage);
    mkdirSync(join(this.directory, 'www'));
    writeFileSync(
      join(this.directory, 'configuration.yaml'),
      CONFIGURATION(options.port) + (options.yaml ?? ''),
    );
    // The steps that would ask the internet for things count as done.
    const onboarding = {
      version: 4,
      minor_version: 1,
      key: 'onboarding',
      data: { done: ['core_config', 'analytics'] },
    };
    writeFileSync(join(storage, 'onboarding'), JSON.stringify(onboarding));
  }

  get log(): string {
    return readFileSync(join(this.directory, 'core.log'), 'utf8');
  }

  /** Puts an integration where core looks for it at its next start. */
  addIntegration(folder: string, domain: string): void {
    cpSync(folder, join(this.directory, 'custom_components', domain), { recursive: true });
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<this> {
    const log = openSync(join(this.directory, 'core.log'), 'a');
    const python = join(CORE_HOME, 'venv/bin/python');
    const args = [
      '-m',
      'homeassistant',
      '-c',
      this.directory,
      '--log-no-color',
      '--ignore-os-check',
      '--skip-pip',
    ];
    const { SUPERVISOR: _, SUPERVISOR_TOKEN: __, ...env } = process.env;
    this.#process = spawnTied(python, args, {
      stdio: ['ignore', log, log],
      env: { ...env, PATH: `${join(CORE_HOME, 'venv/bin')}:${env.PATH}`, ...this.#options.env },
    });
    await until('core to answer', () => this.#answers(), START_TIMEOUT_MS);
    if (this.token) await this.#connect();
    return this;
  }

  async #answers(): Promise<boolean> {
    if (this.#process?.exitCode !== null) throw new Error(`core ended:\n${this.log.slice(-4000)}`);
    try {
      const { status } = await fetch(`${this.url}/api/onboarding`, { signal: AbortSignal.timeout(2000) });
      return status === 200 || status === 404;
    } catch {
      return false;
    }
  }

  /** Makes the first user, an administrator, and takes a long-lived token. */
  async onboard(): Promise<void> {
    const client_id = `${this.url}/`;
    const user = { client_id, name: 'Test', username: 'test', password: 'test-password', language: 'en' };
    const { auth_code: code } = await this.#post('/api/onboarding/users', JSON.stringify(user));
    const grant = new URLSearchParams({ client_id, grant_type: 'authorization_code', code: String(code) });
    this.token = String((await this.#post('/auth/token', grant)).access_token);
    await this.#connect();
    const integration = { client_id, redirect_uri: `${client_id}?auth_callback=1` };
    await this.rest('POST', '/api/onboarding/integration', integration);
    const options = { client_name: 'tests', lifespan: 30 };
    this.token = (await this.call('auth/long_lived_access_token', options)) as string;
    // An address from YAML is on trial until somebody says that it works.
    await this.call('http/config/promote').catch(() => undefined);
    await this.untilRunning();
  }

  async untilRunning(): Promise<void> {
    await until(
      'core to run',
      async () => ((await this.rest('GET', '/api/config')) as Json).state === 'RUNNING',
      START_TIMEOUT_MS,
    );
  }

  async stop(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
    await this.untilRunning();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  // --- HTTP

  /** The JSON of an answer; rejects for a status of 400 and more. */
  async rest(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = await (
      await this.fetch(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    ).text();
    return text === '' ? undefined : JSON.parse(text);
  }

  /** An answer of 200 to a request of the administrator. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(30_000), headers, ...init });
    if (response.ok) return response;
    throw new Error(
      `${init.method ?? 'GET'} ${path}: ${response.status} ${(await response.text()).slice(0, 2000)}`,
    );
  }

  async #post(path: string, body: string | URLSearchParams): Promise<Json> {
    const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const response = await fetch(this.url + path, { method: 'POST', body, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Json;
  }

  async states(domain?: string): Promise<EntityState[]> {
    const all = (await this.rest('GET', '/api/states')) as EntityState[];
    return all.filter(({ entity_id }) => domain === undefined || entity_id.startsWith(`${domain}.`));
  }

  async state(entityId: string): Promise<EntityState | undefined> {
    return (await this.states()).find(({ entity_id }) => entity_id === entityId);
  }

  /** Calls an action; with `response`, what it answers. */
  async action(name: string, data: Json = {}, response = false): Promise<unknown> {
    const path = `/api/services/${name.replace('.', '/')}${response ? '?return_response' : ''}`;
    return this.rest('POST', path, data);
  }

  // --- flows

  /** Begins a config flow, or goes on with one: each step is user input. */
  async flow(
    start: { handler: string } | { flow_id: string },
    ...steps: readonly Json[]
  ): Promise<FlowResult> {
    const base = '/api/config/config_entries/flow';
    let result =
      'flow_id' in start
        ? ((await this.rest('GET', `${base}/${start.flow_id}`)) as FlowResult)
        : ((await this.rest('POST', base, start)) as FlowResult);
    for (const step of steps)
      result = (await this.rest('POST', `${base}/${result.flow_id}`, step)) as FlowResult;
    return result;
  }

  async flowsInProgress(domain: string): Promise<{ flow_id: string; context: Json; step_id: string }[]> {
    const all = (await this.call('config_entries/flow/progress')) as {
      handler: string;
      flow_id: string;
      step_id: string;
      context: Json;
    }[];
    return all.filter(({ handler }) => handler === domain);
  }

  async entries(domain: string): Promise<(Json & { entry_id: string; state: string })[]> {
    return (await this.call('config_entries/get', { domain })) as (Json & {
      entry_id: string;
      state: string;
    })[];
  }

  /** Of a platform, as the registry has them. */
  async entities(
    platform: string,
  ): Promise<(Json & { entity_id: string; device_id: string; unique_id: string })[]> {
    const all = (await this.call('config/entity_registry/list')) as (Json & {
      entity_id: string;
      device_id: string;
      unique_id: string;
      platform: string;
    })[];
    return all.filter((entity) => entity.platform === platform);
  }

  // --- WebSocket

  async call(type: string, data: Json = {}, onEvent?: (event: Json) => void): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    if (onEvent) this.#subscribers.set(id, onEvent);
    this.#socket!.send(JSON.stringify({ id, type, ...data }));
    return answer.promise;
  }

  async #connect(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/api/websocket`);
    this.#socket = socket;
    const ready = Promise.withResolvers<void>();
    socket.once('error', ready.reject);
    socket.on('message', (data) => {
      for (const message of [JSON.parse(String(data))].flat()) this.#receive(message, ready);
    });
    await ready.promise;
    socket.on('error', () => {});
  }

  #receive(message: Json & { id: number; type: string }, ready: PromiseWithResolvers<void>): void {
    if (message.type === 'auth_required')
      this.#socket!.send(JSON.stringify({ type: 'auth', access_token: this.token }));
    else if (message.type === 'auth_ok') ready.resolve();
    else if (message.type === 'auth_invalid') ready.reject(new Error(String(message.message)));
    else if (message.type === 'event') this.#subscribers.get(message.id)?.(message.event as Json);
    else if (message.type === 'result') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.success) waiting?.resolve(message.result);
      else waiting?.reject(new Error(JSON.stringify(message.error)));
    }
  }
}

/**
 * The Supervisor's REST API, as far as an add-on may use it.
 *
 *   GET http://supervisor/addons/self/info      Authorization: Bearer SUPERVISOR_TOKEN
 *   → {"result": "ok", "data": {"ingress_port": 62345, …}}
 *   → {"result": "error", "message": "…"}        with a status of 400 and over
 *
 * Source of truth: developers.home-assistant.io, "Supervisor endpoints".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Static, type TSchema, Type } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { type ErrorCode, StreamError, toStreamError } from '../core/errors.ts';
import { registerSecret } from '../util/redact.ts';
import type { MqttBroker } from './mqtt/publisher.ts';

const addonInfo = Type.Object({
  /** Ours towards the Supervisor: with the network of the host, the address of the host there. */
  ip_address: Type.String(),
  ingress_port: Type.Union([Type.Integer({ minimum: 1, maximum: 65535 }), Type.Null()]),
  /** Ports that the Supervisor counts on (the watchdog asks there), by `1984/tcp`. */
  network: Type.Optional(
    Type.Union([Type.Null(), Type.Record(Type.String(), Type.Union([Type.Integer(), Type.Null()]))]),
  ),
});
export type AddonInfo = Static<typeof addonInfo>;

const discovery = Type.Object({ uuid: Type.String() });

const mqttService = Type.Object({
  host: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  ssl: Type.Optional(Type.Boolean()),
  username: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  password: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

export interface Supervisor {
  readonly host: string;
  readonly token: string;
  addonInfo(): Promise<AddonInfo>;
  /** Tells core of a service; an equal message is told once. Resolves to the message's id. */
  announce(service: string, config: object): Promise<string>;
  /** The port that the Supervisor counts on for one of the add-on's config; null: that one. */
  setPorts(ports: Readonly<Record<string, number | null>>): Promise<void>;
  /** The MQTT broker that Home Assistant knows; undefined: there is none. */
  mqttBroker(): Promise<MqttBroker | undefined>;
  /** Stops this add-on and starts it anew. */
  restartAddon(): Promise<void>;
  /** One of core's actions: `persistent_notification.create`. */
  callAction(action: string, data: object): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** The Supervisor's client. All of it rejects with StreamError. */
export function connectSupervisor({ host, token }: Pick<Supervisor, 'host' | 'token'>): Supervisor {
  registerSecret(token);

  async function call(method: 'GET' | 'POST', path: string, body?: object): Promise<Response> {
    const init = {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    };
    const response = await fetch(`http://${host}${path}`, init).catch((error: Error) => {
      throw toStreamError(error.cause ?? error, path);
    });
    if (response.ok) return response;
    const text = await response.text().catch(() => '');
    const message = /"message":\s*"([^"]{1,300})"/.exec(text)?.[1] ?? '';
    throw new StreamError(codeOf(response.status), `${path}: ${response.status} ${message}`.trimEnd());
  }

  async function ask<S extends TSchema>(schema: S, ...request: Parameters<typeof call>): Promise<Static<S>> {
    const answer = await (await call(...request)).json().catch(() => undefined);
    const data = (answer as { data?: unknown } | undefined)?.data;
    if (Check(schema, data)) return data as Static<S>;
    const [wrong] = Errors(schema, data);
    throw new StreamError('protocol', `${request[1]}: ${wrong?.instancePath ?? ''} ${wrong?.message ?? ''}`);
  }

  return {
    host,
    token,
    addonInfo: () => ask(addonInfo, 'GET', '/addons/self/info'),
    announce: async (service, config) =>
      (await ask(discovery, 'POST', '/discovery', { service, config })).uuid,
    setPorts: async (network) => void (await call('POST', '/addons/self/options', { network })),
    async mqttBroker() {
      // Without a broker the Supervisor answers 400, "Service not enabled".
      const found = await ask(mqttService, 'GET', '/services/mqtt').catch((error: StreamError) => {
        if (error.code !== 'invalid') throw error;
      });
      if (!found) return undefined;
      const { host, port, ssl = false, username, password } = found;
      if (password) registerSecret(password);
      return { host, port, tls: ssl, username: username ?? undefined, password: password ?? undefined };
    },
    restartAddon: async () => void (await call('POST', '/addons/self/restart')),
    callAction: async (action, data) =>
      void (await call('POST', `/core/api/services/${action.replace('.', '/')}`, data)),
  };
}

/** The MQTT broker of the Supervisor; undefined where there is none, or none can be asked for. Never rejects. */
export async function brokerOf(supervisor: Pick<Supervisor, 'mqttBroker'>): Promise<MqttBroker | undefined> {
  return supervisor.mqttBroker().catch(() => undefined);
}

/** Asks again while the Supervisor (or core behind it) is not there, for ever by default; the last failure is thrown. */
export async function whenReachable<T>(
  ask: () => Promise<T>,
  delaysMs: Iterable<number> = patience(),
): Promise<T> {
  for (const delayMs of delaysMs) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StreamError) || !PASSING.has(error.code)) throw error;
      await sleep(delayMs);
    }
  }
  return ask();
}

/** Soon again at first. */
function* patience(): Generator<number> {
  yield* [250, 500, 1000, 2000, 4000, 8000];
  while (true) yield 15_000;
}

const PASSING: ReadonlySet<ErrorCode> = new Set(['unreachable', 'timeout', 'closed']);

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  return status >= 500 ? 'unreachable' : 'invalid';
}

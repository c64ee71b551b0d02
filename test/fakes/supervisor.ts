/**
 * A stand-in for the Supervisor, for one add-on: its API and rights, discovery, services, the proxy to core, ingress.
 * Core is a real one behind its own socket for the Supervisor, or whatever a test makes of `CoreStandIn`.
 *
 * Source of truth: developers.home-assistant.io, and what core's hassio integration asks at its start.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type CoreStandIn, pushDiscovery, restToCore, socketToCore } from './supervisor-core.ts';
import { addonInfo, FACTS } from './supervisor-facts.ts';
import { type IngressUser, proxyIngress, proxyIngressSocket } from './supervisor-ingress.ts';

export interface SupervisorSettings {
  /** Where it listens, and where its requests to the add-on come from. */
  readonly host?: string;
  /** 0 for any. */
  readonly port?: number;
  /** Where the add-on is, as seen from here. */
  readonly addonHost?: string;
  readonly ingressPort: number;
  /** The add-on's config.yaml. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly core?: CoreStandIn;
}

export interface DiscoveryMessage {
  readonly addon: string;
  readonly service: string;
  readonly uuid: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Call {
  readonly who: 'addon' | 'core' | 'nobody';
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

export interface MqttService {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

export const SLUG = 'local_porthole';
const MAX_BODY = 16 << 20;

export class FakeSupervisor implements AsyncDisposable {
  readonly addonToken = randomBytes(28).toString('hex');
  readonly coreToken = randomBytes(28).toString('hex');
  readonly ingressToken = randomBytes(16).toString('base64url');
  readonly settings: Required<Omit<SupervisorSettings, 'core'>>;
  core: CoreStandIn | undefined;
  /** What the broker add-on offers; undefined: there is none. */
  mqtt: MqttService | undefined;
  /** Refuses everything, as while it starts. */
  down = false;
  readonly messages: DiscoveryMessage[] = [];
  readonly calls: Call[] = [];
  /** Ports as the add-on has set them. */
  network: Readonly<Record<string, number | null>> = {
    '1984/tcp': null,
    '8554/tcp': null,
    '8555/tcp': null,
    '8555/udp': null,
  };
  restarts = 0;
  readonly #sessions = new Map<string, IngressUser>();
  readonly #server: Server;

  constructor({ core, ...settings }: SupervisorSettings) {
    this.core = core;
    this.settings = { host: '127.0.0.1', port: 0, addonHost: '127.0.0.1', manifest: {}, ...settings };
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async start(): Promise<this> {
    this.#server.listen(this.settings.port, this.settings.host);
    await once(this.#server, 'listening');
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** `host`, with the port where it is not 80. */
  get host(): string {
    const { port } = this.#server.address() as AddressInfo;
    return port === 80 ? this.settings.host : `${this.settings.host}:${port}`;
  }

  /** What the add-on's container is given. */
  get addonEnv(): Record<string, string> {
    return { SUPERVISOR: this.host, SUPERVISOR_TOKEN: this.addonToken };
  }

  /** What core's container is given. */
  get coreEnv(): Record<string, string> {
    return { SUPERVISOR: this.host, SUPERVISOR_TOKEN: this.coreToken };
  }

  /** Where a browser that has this user's session finds the add-on's page; core is the hop before us. */
  openIngress(user: IngressUser): {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  } {
    const session = randomBytes(32).toString('hex');
    this.#sessions.set(session, user);
    return {
      url: `http://${this.host}/ingress/${this.ingressToken}/`,
      headers: {
        cookie: `ingress_session=${session}`,
        'x-ingress-path': `/api/hassio_ingress/${this.ingressToken}`,
      },
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?', 1)[0]!;
    if (path.startsWith('/ingress/') && path.split('/').length > 3) {
      const user = this.#ingressUser(request, path);
      if (!user) return void response.writeHead(401).end();
      return proxyIngress(request, response, this.settings, user);
    }
    const who = this.#whoAsks(request);
    const body = await readBody(request);
    response.once('finish', () => {
      this.calls.push({ who, method, path, status: response.statusCode, body });
    });
    if (this.down) return void response.writeHead(502).end();
    if (who === 'nobody') return void response.writeHead(401).end('401: Unauthorized');
    const proxied = /^\/(?:core|homeassistant)(\/api\/.*)$/.exec(url)?.[1];
    if (proxied) return restToCore(this.core, request, response, proxied, body);
    const [status, answer] = this.#answer(who, method, path.slice(1).split('/'), parse(body));
    response.writeHead(status, { 'content-type': 'application/json' });
    const message =
      status < 400 ? { result: 'ok', data: answer ?? {} } : { result: 'error', message: answer };
    response.end(JSON.stringify(message));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    const path = (request.url ?? '').split('?', 1)[0]!;
    if (/^\/(?:core|homeassistant)\/(?:api\/)?websocket$/.test(path)) {
      if (this.down) socket.destroy();
      else socketToCore(this.core, this.addonToken, request, socket, head);
      return;
    }
    const user = this.#ingressUser(request, path);
    if (user) proxyIngressSocket(request, socket, head, this.settings, user);
    else socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  }

  #whoAsks({ headers }: IncomingMessage): Call['who'] {
    const token = String(headers['x-supervisor-token'] ?? headers.authorization ?? '')
      .split(' ')
      .at(-1);
    if (token === this.coreToken) return 'core';
    return token === this.addonToken ? 'addon' : 'nobody';
  }

  #ingressUser({ headers }: IncomingMessage, path: string): IngressUser | undefined {
    const session = /\bingress_session=([0-9a-f]+)/.exec(headers.cookie ?? '')?.[1] ?? '';
    return path.startsWith(`/ingress/${this.ingressToken}/`) ? this.#sessions.get(session) : undefined;
  }

  /** Status and data, or status and message. */
  #answer(
    who: Call['who'],
    method: string,
    [first = '', ...rest]: readonly string[],
    body: Readonly<Record<string, unknown>>,
  ): readonly [number, unknown?] {
    if (first === 'discovery') return this.#discovery(who, method, rest, body);
    if (first === 'services') return this.#services(rest);
    if (first === 'addons' && rest.length > 1) {
      return ['self', SLUG].includes(rest[0]!)
        ? this.#addon(method, rest[1]!, body)
        : [404, `App ${rest[0]} does not exist`];
    }
    if (first === 'ingress') return this.#ingress(who, rest[0] ?? '', body);
    const key = [first, ...rest].join('/');
    if (method === 'GET' && FACTS[key]) return [200, FACTS[key]];
    if (method === 'POST' && /\/options$|^store\/reload$|^reload_updates$/.test(key)) return [200];
    return [404, '404: Not Found'];
  }

  #addon(method: string, what: string, body: Readonly<Record<string, unknown>>): readonly [number, unknown?] {
    const { manifest, ingressPort, addonHost } = this.settings;
    if (what === 'info') {
      const entry = `/api/hassio_ingress/${this.ingressToken}`;
      const live = {
        ingress_port: ingressPort,
        ip_address: addonHost,
        network: this.network,
        ingress_entry: entry,
      };
      return [200, { ...addonInfo(SLUG, manifest), ...live, ingress_url: `${entry}/` }];
    }
    if (what === 'options' && method === 'POST') {
      if (body.network) this.network = body.network as typeof this.network;
      return [200];
    }
    if (what === 'restart' && method === 'POST') {
      this.restarts++;
      return [200];
    }
    return [404, '404: Not Found'];
  }

  #discovery(
    who: Call['who'],
    method: string,
    [uuid]: readonly string[],
    body: Readonly<Record<string, unknown>>,
  ): readonly [number, unknown?] {
    if (method === 'GET') {
      if (who !== 'core') return [403, 'Only Home Assistant'];
      if (uuid === undefined) return [200, { discovery: this.messages, services: { [SERVICE]: [SLUG] } }];
      const found = this.messages.find((message) => message.uuid === uuid);
      return found ? [200, found] : [404, 'Discovery message not found'];
    }
    if (method !== 'POST') return [405];
    const { service, config, ...more } = body;
    if (typeof service !== 'string' || typeof config !== 'object' || Object.keys(more).length > 0) {
      return [400, 'not a discovery message: service and config, nothing else'];
    }
    if (service !== SERVICE)
      return [403, 'Apps must list services they provide via discovery in their config!'];
    const index = this.messages.findIndex((message) => message.service === service);
    const old = this.messages[index];
    if (old && JSON.stringify(old.config) === JSON.stringify(config)) return [200, { uuid: old.uuid }];
    const message = {
      addon: SLUG,
      service,
      uuid: old?.uuid ?? randomUUID().replaceAll('-', ''),
      config: config as DiscoveryMessage['config'],
    };
    this.messages.splice(index === -1 ? this.messages.length : index, 1, message);
    pushDiscovery(this.core, message);
    return [200, { uuid: message.uuid }];
  }

  #services([name]: readonly string[]): readonly [number, unknown?] {
    const { mqtt } = this;
    if (name === undefined) {
      const providers = mqtt ? ['core_mosquitto'] : [];
      return [200, { services: [{ slug: 'mqtt', available: mqtt !== undefined, providers }] }];
    }
    if (name !== 'mqtt') return [403, `No access to ${name} service!`];
    if (!mqtt) return [400, 'Service not enabled'];
    return [200, { addon: 'core_mosquitto', ssl: false, protocol: '3.1.1', ...mqtt }];
  }

  #ingress(
    who: Call['who'],
    what: string,
    body: Readonly<Record<string, unknown>>,
  ): readonly [number, unknown?] {
    const { panel_title: title = 'Porthole', panel_icon: icon = 'mdi:puzzle' } = this.settings.manifest;
    if (what === 'panels') return [200, { panels: { [SLUG]: { title, icon, admin: true, enable: true } } }];
    if (who !== 'core') return [403, 'Only Home Assistant'];
    if (what === 'session') {
      const session = randomBytes(32).toString('hex');
      this.#sessions.set(session, { id: String(body.user_id ?? ''), name: 'test', displayName: 'Test' });
      return [200, { session }];
    }
    return this.#sessions.has(String(body.session)) ? [200] : [401, 'no such session'];
  }
}

const SERVICE = 'porthole';

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY) break;
  }
  return text;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Starts one; `await using` ends it. */
export async function startSupervisor(settings: SupervisorSettings): Promise<FakeSupervisor> {
  if (settings.host && isIP(settings.host) === 0) throw new Error(`${settings.host} is no address`);
  return new FakeSupervisor(settings).start();
}

/**
 * Ports that somebody else has: other copies of go2rtc, most likely, which like the same ones. It is named, and the next
 * free port taken.
 *
 *   port        ours       go2rtc that others bring
 *   1984 8554 8555         the WebRTC integration, the go2rtc add-on, Frigate
 *   11984 18554 18555      Home Assistant core
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ConfigArgument } from '../config/arguments.ts';
import { formatListen, type ListenAddress, parseListen } from '../config/listen.ts';
import type { Config } from '../config/schema.ts';

export interface PortConflict {
  readonly port: number;
  /** Who has it, in words. */
  readonly by: string;
  /** The port taken in its place. */
  readonly instead: number;
}

export interface PortPlan {
  readonly conflicts: readonly PortConflict[];
  /** Comes after the config file: the addresses that can be listened on. */
  readonly overrides: readonly ConfigArgument[];
}

const ATTEMPTS = 50;
const SECTIONS = ['api', 'rtsp', 'webrtc'] as const;
/** Where a go2rtc answers that may have one of our other ports. */
const USUAL_API_PORTS = [1984, 11984];
const ASK_TIMEOUT_MS = 1000;

/** Tries the ports of the configuration. `alsoOn`: another address that the API will listen on. Never rejects. */
export async function planPorts(
  config: Pick<Config, (typeof SECTIONS)[number]>,
  alsoOn: string | undefined,
): Promise<PortPlan> {
  const conflicts: PortConflict[] = [];
  const overrides: ConfigArgument[] = [];
  const wishes = SECTIONS.flatMap((section) => {
    const wanted = parseListen(config[section].listen);
    return wanted && wanted.port !== 0 ? [{ section, wanted }] : [];
  });
  const taken = new Set<number>();
  for (const { section, wanted } of wishes) {
    const hosts = section === 'api' && wanted.host && alsoOn ? [wanted.host, alsoOn] : [wanted.host];
    // What one gives up must not cost another one its own.
    const kept = new Set(wishes.filter((wish) => wish.section !== section).map((wish) => wish.wanted.port));
    const isFree = async (port: number): Promise<boolean> =>
      !taken.has(port) &&
      (port === wanted.port || !kept.has(port)) &&
      (await areFree(hosts, port, wanted.transport, section === 'webrtc'));
    const port = await firstFree(wanted.port, isFree);
    taken.add(port);
    if (port === wanted.port) continue;
    conflicts.push({ port: wanted.port, by: await whoHas(wanted.port), instead: port });
    overrides.push({ kind: 'key', path: [section, 'listen'], text: JSON.stringify(at(wanted, port)) });
  }
  return { conflicts, overrides };
}

const at = ({ transport, ...address }: ListenAddress, port: number): string =>
  formatListen({ ...address, port }) + (transport ? `/${transport}` : '');

/** The wanted port if no other is free either. */
async function firstFree(wanted: number, isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + ATTEMPTS, 65536); port++) {
    if (await isFree(port)) return port;
  }
  return wanted;
}

async function areFree(
  hosts: readonly (string | undefined)[],
  port: number,
  transport: ListenAddress['transport'],
  withUdp: boolean,
): Promise<boolean> {
  for (const host of hosts) {
    if (transport !== 'udp' && !(await isTcpFree(host, port))) return false;
    if (withUdp && transport !== 'tcp' && !(await isUdpFree(host, port))) return false;
  }
  return true;
}

/** Only a port in use is a conflict: an address that this machine does not have is told by who listens. */
const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE';

async function isTcpFree(host: string | undefined, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    return !isTaken(error);
  } finally {
    server.close();
  }
}

async function isUdpFree(host: string | undefined, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, ...(host ? { address: host } : {}), exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch (error) {
    return !isTaken(error);
  } finally {
    socket.close();
  }
}

/** Who listens on a port of this machine, in words for the user. */
async function whoHas(port: number): Promise<string> {
  const own = await describe(port);
  if (own) return own.name;
  for (const apiPort of USUAL_API_PORTS) {
    const other = apiPort === port ? undefined : await describe(apiPort);
    if (other?.ports.includes(port)) return other.name;
  }
  return 'another program';
}

async function describe(apiPort: number): Promise<{ name: string; ports: readonly number[] } | undefined> {
  try {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const answer = await fetch(`http://127.0.0.1:${apiPort}/api`, { signal, redirect: 'error' });
    return describeServer((await answer.text()).slice(0, 10_000));
  } catch {
    return undefined;
  }
}

/**
 * What an answer to `GET /api` says of the server: `{"version": "1.9.9", "config_path": "/config/go2rtc.yaml", "rtsp":
 * {"listen": ":8554"}}`. Undefined for something else than go2rtc.
 */
export function describeServer(body: string): { name: string; ports: readonly number[] } | undefined {
  let answer: { version?: unknown; config_path?: unknown; rtsp?: { listen?: unknown } } | null;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer?.version !== 'string') return undefined;
  const path = typeof answer.config_path === 'string' ? answer.config_path.slice(0, 200) : '';
  const rtsp = /:(\d+)$/.exec(String(answer.rtsp?.listen ?? ''))?.[1];
  return {
    name: `go2rtc ${answer.version.slice(0, 20)}${ownerOf(path)}`,
    // 8555 is WebRTC's, which the answer does not tell.
    ports: [...(rtsp ? [Number(rtsp)] : []), 8555],
  };
}

function ownerOf(configPath: string): string {
  if (configPath === '') return '';
  if (/frigate|^\/dev\/shm\//i.test(configPath)) return ' of Frigate';
  if (/^\/tmp\//.test(configPath)) return ' of Home Assistant';
  if (/porthole/i.test(configPath)) return ' (another Porthole)';
  return ` of the WebRTC integration or the go2rtc add-on (${configPath})`;
}

/**
 * Announces the streams as ONVIF cameras: answers Probe and Resolve, says Hello and Bye (`onvif: {discovery: true}`).
 *
 * Off unless asked for, since it tells every machine of the network what the streams are called. Only neighbours are
 * answered, and each under the address by which it reaches us: a spoofed question cannot make us send elsewhere.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { BlockList } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isLoopbackHost, parseListen } from '../../config/listen.ts';
import { StreamError } from '../../core/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { StartService } from '../format.ts';
import { deviceOf, scopesOf } from './device.ts';
import {
  createSequence,
  DISCOVERY_GROUP,
  DISCOVERY_PORT,
  type Endpoint,
  MAXIMUM_MESSAGE_BYTES,
  type Question,
  readQuestion,
  scopeMatches,
  writeBye,
  writeHello,
  writeMatch,
} from './ws-discovery.ts';

const TYPES = new Set([
  '{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter',
  '{http://www.onvif.org/ver10/device/wsdl}Device',
]);
/** Hello and answers are spread over this time (WS-Discovery: APP_MAX_DELAY). */
const MAXIMUM_DELAY_MS = 500;
const SWEEP_INTERVAL_MS = 3000;
const MAXIMUM_QUESTIONS_REMEMBERED = 500;
const MAXIMUM_ANSWERS_WAITING = 2000;

/** Our side of a network. */
interface Link {
  readonly address: string;
  readonly neighbours: BlockList;
  /** To this address, or to the group; resolves when it has left, or could not. */
  send(text: string, to?: { readonly address: string; readonly port: number }): Promise<void>;
  close(): void;
}

/** Starts to announce, if the config says so. */
export const start: StartService = async ({ services, log }) => {
  if (services.section('onvif').discovery !== true) return undefined;
  const api = services.section('api');
  const listen = parseListen(String(api.listen ?? '')) ?? parseListen(String(api.tls_listen ?? ''));
  if (!listen) throw new StreamError('invalid', 'onvif.discovery needs api.listen');
  const scheme = api.listen ? 'http' : 'https';
  if (isLoopbackHost(listen.host)) log.warn('announced to this machine alone', { 'api.listen': api.listen });
  const devices = (services.section('onvif').devices ?? {}) as Readonly<Record<string, { listen?: string }>>;
  const links = await openLinks(listen.host, log);
  if (links.length === 0) throw new StreamError('invalid', 'onvif.discovery: api.listen has no IPv4 address');
  const sequence = createSequence();
  const questions = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let announced: readonly string[] = [];

  const endpointOf = (name: string, { address }: Link): Endpoint => {
    const device = deviceOf(name);
    const own = parseListen(devices[name]?.listen ?? '');
    const origin = own ? `http://${address}:${own.port}` : `${scheme}://${address}:${listen.port}`;
    return {
      uuid: device.uuid,
      scopes: scopesOf(device),
      addresses: [`${origin}${device.path}/device_service`],
    };
  };

  /** Says Hello for streams that came and Bye for those that went; resolves when it is sent. */
  const announce = async (names: readonly string[]): Promise<void> => {
    const came = names.filter((name) => !announced.includes(name));
    const went = announced.filter((name) => !names.includes(name));
    announced = names;
    await Promise.all(
      links.flatMap((link) => [
        ...came.map((name) => link.send(writeHello(endpointOf(name, link), sequence))),
        ...went.map((name) => link.send(writeBye(deviceOf(name).uuid, sequence))),
      ]),
    );
  };

  const answer = (question: Question, from: RemoteInfo, link: Link): void => {
    for (const name of services.streams.names()) {
      const endpoint = endpointOf(name, link);
      if (!matches(endpoint, question) || timers.size >= MAXIMUM_ANSWERS_WAITING) continue;
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          void link.send(writeMatch(question.kind, endpoint, question.id, sequence), from);
        },
        question.kind === 'Probe' ? Math.random() * MAXIMUM_DELAY_MS : 0,
      );
      timers.add(timer);
    }
  };

  const receive = (bytes: Buffer, from: RemoteInfo): void => {
    const link = links.find(({ neighbours }) => neighbours.check(from.address));
    const question = link && bytes.length <= MAXIMUM_MESSAGE_BYTES ? tryRead(bytes) : undefined;
    if (!link || !question || questions.has(question.id)) return;
    questions.add(question.id);
    if (questions.size > MAXIMUM_QUESTIONS_REMEMBERED) questions.delete([...questions][0] ?? '');
    answer(question, from, link);
  };

  const ears = await openEars(
    links.map(({ address }) => address),
    receive,
    log,
  );
  const sweep = (): void => void announce(services.streams.names());
  const first = setTimeout(sweep, Math.random() * MAXIMUM_DELAY_MS);
  const sweeping = setInterval(sweep, SWEEP_INTERVAL_MS);
  return {
    address: `${DISCOVERY_GROUP}:${DISCOVERY_PORT}`,
    async close() {
      clearTimeout(first);
      clearInterval(sweeping);
      for (const timer of timers) clearTimeout(timer);
      ears.close();
      await announce([]);
      for (const link of links) link.close();
    },
  };
};

/** Hears what is sent to the group on these interfaces. */
async function openEars(
  addresses: readonly string[],
  receive: (bytes: Buffer, from: RemoteInfo) => void,
  log: Logger,
): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(DISCOVERY_PORT);
  try {
    await once(socket, 'listening');
  } catch (error) {
    throw new StreamError('unreachable', `cannot listen on UDP port ${DISCOVERY_PORT}`, error);
  }
  socket.on('error', (error) => log.debug('socket', { error }));
  socket.on('message', receive);
  for (const address of addresses) {
    try {
      socket.addMembership(DISCOVERY_GROUP, address);
    } catch (error) {
      log.warn('multicast', { addr: address, error });
    }
  }
  return socket;
}

function tryRead(bytes: Buffer): Question | undefined {
  try {
    return readQuestion(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function matches({ uuid, scopes }: Endpoint, question: Question): boolean {
  if (question.kind === 'Resolve') return question.uuid === uuid;
  return (
    question.types.every((type) => TYPES.has(type)) &&
    question.scopes.every((wanted) => scopes.some((ours) => scopeMatches(ours, wanted, question.rule)))
  );
}

/** The networks in which the API is reached at this host; all of ours where it names none. */
async function openLinks(host: string | undefined, log: Logger): Promise<readonly Link[]> {
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
  const wanted = host === 'localhost' ? '127.0.0.1' : host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const links = addresses
    .filter(({ family, address }) => family === 'IPv4' && (everywhere || address === wanted))
    .map((item) => openLink(item, log));
  return (await Promise.all(links)).filter((link) => link !== undefined);
}

/** A socket of its own for each network: what is sent to the group leaves by the socket's interface. */
async function openLink({ address, cidr }: NetworkInterfaceInfo, log: Logger): Promise<Link | undefined> {
  const neighbours = new BlockList();
  neighbours.addSubnet(address, Number(cidr?.split('/')[1] ?? 32));
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    await once(socket, 'listening');
    socket.setMulticastInterface(address);
  } catch (error) {
    log.warn('multicast', { addr: address, error });
    socket.close();
    return undefined;
  }
  socket.on('error', (error) => log.debug('socket', { error }));
  return {
    address,
    neighbours,
    send: (text, { address: to, port } = { address: DISCOVERY_GROUP, port: DISCOVERY_PORT }) =>
      new Promise((resolve) => socket.send(text, port, to, () => resolve())),
    close: () => socket.close(),
  };
}

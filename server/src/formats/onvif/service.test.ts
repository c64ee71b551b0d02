/** What is announced, on the loopback interface: Hello, answers, Bye. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../../test/helpers/wait.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { deviceOf } from './device.ts';
import { describeMatch } from './search.ts';
import { start } from './service.ts';
import { readEnvelope } from './soap.ts';
import { DISCOVERY_GROUP, DISCOVERY_PORT, writeProbe } from './ws-discovery.ts';
import { textAt } from './xml.ts';

/** Names that no other test has: all of them hear each other. */
const FIRST = `first ${process.pid}`;
const SECOND = `second ${process.pid}`;
const NONSENSE = 'hello';

interface Heard {
  readonly kind: string;
  readonly device: string;
  readonly addresses: string;
}

function readHeard(bytes: Buffer): Heard[] {
  const text = bytes.toString();
  const { content } = text === NONSENSE ? {} : readEnvelope(text);
  const device = content && /Matches$/.test(content.name) ? content.children[0] : content;
  const uuid = textAt(device, 'EndpointReference', 'Address').replace('urn:uuid:', '');
  const name = [FIRST, SECOND].find((stream) => deviceOf(stream).uuid === uuid);
  return content && name ? [{ kind: content.name, device: name, addresses: textAt(device, 'XAddrs') }] : [];
}

/** The service with these streams, a listener of the group, and a socket that asks. */
async function announce(t: TestContext, names: string[], onvif: object = { discovery: true }) {
  const heard: Heard[] = [];
  const [ear, mouth] = [createSocket({ type: 'udp4', reuseAddr: true }), createSocket('udp4')];
  for (const socket of [ear, mouth]) socket.on('message', (bytes) => heard.push(...readHeard(bytes)));
  ear.bind(DISCOVERY_PORT);
  mouth.bind(0, '127.0.0.1');
  await Promise.all([once(ear, 'listening'), once(mouth, 'listening')]);
  ear.addMembership(DISCOVERY_GROUP, '127.0.0.1');
  mouth.setMulticastInterface('127.0.0.1');
  const sections: Record<string, object> = { onvif, api: { listen: '127.0.0.1:1984', tls_listen: '' } };
  const services = {
    streams: { names: () => [...names] },
    section: (name: string) => sections[name] ?? {},
  } as unknown as Services;
  const service = await start({ services, log: createLogger('test') });
  let isOpen = service !== undefined;
  const close = async (): Promise<void> => {
    if (isOpen) await service?.close();
    isOpen = false;
  };
  t.after(async () => {
    await close();
    ear.close();
    mouth.close();
  });
  return {
    isRunning: isOpen,
    close,
    heard,
    of: (kind: string) => heard.filter((item) => item.kind === kind).map(({ device }) => device),
    ask: (text: string) => mouth.send(text, DISCOVERY_PORT, DISCOVERY_GROUP),
  };
}

test('is off unless asked for', async (t) => {
  for (const onvif of [{}, { discovery: false }]) {
    assert.equal((await announce(t, [FIRST], onvif)).isRunning, false);
  }
});

test('Hello for each stream, also for those that come later; Bye for those that go', async (t) => {
  const names = [FIRST];
  const { of, heard, close } = await announce(t, names);
  await until('Hello', () => of('Hello').includes(FIRST));
  assert.equal(
    heard[0]?.addresses,
    `http://127.0.0.1:1984/onvif/${encodeURIComponent(FIRST)}/device_service`,
  );
  names[0] = SECOND;
  await until('the change', () => of('Hello').includes(SECOND) && of('Bye').includes(FIRST));
  await close();
  await until('Bye', () => of('Bye').includes(SECOND));
});

describe('questions', () => {
  const probe = (types: string, scopes = ''): string =>
    writeProbe().replace(
      '<d:Types/><d:Scopes/>',
      `<d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes>`,
    );
  const resolve = (stream: string): string =>
    writeProbe()
      .replace(/<d:Probe>.*<\/d:Probe>/, '')
      .replace(
        '<s:Body>',
        `<s:Body><d:Resolve><a:EndpointReference><a:Address>urn:uuid:${deviceOf(stream).uuid}</a:Address></a:EndpointReference></d:Resolve>`,
      );
  const scope = `onvif://www.onvif.org/name/${encodeURIComponent(SECOND)}`;

  const CASES: readonly [title: string, text: string, answer: string, devices: readonly string[]][] = [
    ['all', writeProbe(), 'ProbeMatches', [FIRST, SECOND]],
    ['cameras', writeProbe('dn:NetworkVideoTransmitter'), 'ProbeMatches', [FIRST, SECOND]],
    ['devices of ONVIF', probe('tds:Device'), 'ProbeMatches', [FIRST, SECOND]],
    ['a name', probe('', scope), 'ProbeMatches', [SECOND]],
    ['one device', resolve(SECOND), 'ResolveMatches', [SECOND]],
    ['printers', probe('dn:Printer'), 'ProbeMatches', []],
    ['another place', probe('', 'onvif://www.onvif.org/location/moon'), 'ProbeMatches', []],
    ['nothing that is known', resolve('nobody'), 'ResolveMatches', []],
    ['nonsense', NONSENSE, 'ProbeMatches', []],
  ];
  test('get the answers of those they mean, once', { timeout: 20_000 }, async (t) => {
    const { ask, of, heard } = await announce(t, [FIRST, SECOND]);
    for (const [title, text, answer, devices] of CASES) {
      heard.length = 0;
      ask(text);
      ask(text);
      await sleep(650);
      assert.deepEqual(of(answer).sort(), [...devices].sort(), title);
    }
  });
});

describe('what is found', () => {
  const match = (addresses: string[], scopes = ['onvif://www.onvif.org/name/Front%20Door']) =>
    describeMatch({ uuid: 'x', types: [], scopes, addresses }, '192.0.2.7');
  const urlOf = (device: ReturnType<typeof match>) => device && device.host + device.path;
  const CASES: readonly [title: string, found: ReturnType<typeof match>, expected: string | undefined][] = [
    ['the usual path', match(['http://192.0.2.7/onvif/device_service']), '192.0.2.7'],
    ['a port', match(['http://192.0.2.7:8000/onvif/device_service']), '192.0.2.7:8000'],
    ['another path', match(['http://192.0.2.7/dev?a=1']), '192.0.2.7/dev?a=1'],
    [
      'the address that it spoke from',
      match(['http://169.254.1.1/onvif/device_service', 'http://192.0.2.7/onvif/device_service']),
      '192.0.2.7',
    ],
    [
      'HTTP before HTTPS',
      match(['https://192.0.2.7/onvif/device_service', 'http://192.0.2.7/onvif/device_service']),
      '192.0.2.7',
    ],
    ['HTTPS', match(['https://192.0.2.7/onvif/device_service']), '192.0.2.7:443'],
    ['a printer', match(['http://192.0.2.7/print'], ['x']), undefined],
    ['no address', match(['nowhere']), undefined],
  ];
  for (const [title, found, expected] of CASES) test(title, () => assert.equal(urlOf(found), expected));
});

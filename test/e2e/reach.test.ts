/**
 * What the add-on gives to the network: with the options as they come, nothing, although its config file opens all there
 * is to other machines. Every port that it listens on is asked from this machine's own address in the network.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { bundleProgram, Machine } from '../helpers/addon-machine.ts';
import { freePort } from '../helpers/ports.ts';
import { RawRtsp } from '../helpers/rtsp-raw.ts';
import { run } from '../helpers/run.ts';

const LOOPBACK = '127.0.0.1';
const NETWORK = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address;
const SOAP = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
  <GetProfiles xmlns="http://www.onvif.org/ver10/media/wsdl"/></s:Body></s:Envelope>`;

/** Whether a machine at the other end of this address is given something; by section of the config. */
type Ask = (host: string, port: number) => Promise<boolean>;

const statusOf = async (url: string, init: RequestInit = {}): Promise<number> =>
  (await fetch(url, { signal: AbortSignal.timeout(10_000), ...init })).status;
const isGiven = (status: number): boolean => {
  assert.ok([200, 401].includes(status), `status ${status}`);
  return status === 200;
};

/** All are asked, and must agree. */
async function same(...answers: readonly Promise<boolean>[]): Promise<boolean> {
  const [first, ...others] = await Promise.all(answers);
  for (const other of others) assert.equal(other, first);
  return first!;
}

const PORTS: Readonly<Record<string, Ask>> = {
  api: (host, port) =>
    same(
      ...['/api/streams', '/api/cameras', '/api/frame.jpeg?src=door', '/api/stream.m3u8?src=door'].map(
        async (path) => isGiven(await statusOf(`http://${host}:${port}${path}`)),
      ),
      statusOf(`http://${host}:${port}/onvif/device_service`, { method: 'POST', body: SOAP }).then(isGiven),
      opensSocket(`ws://${host}:${port}/api/events`),
    ),
  tls: async (host, port) => {
    const options = { host, port, path: '/api/streams', rejectUnauthorized: false, agent: false };
    const [response] = await once(get(options), 'response');
    response.resume();
    return isGiven(response.statusCode);
  },
  onvif: (host, port) =>
    same(
      statusOf(`http://${host}:${port}/onvif/device_service`, { method: 'POST', body: SOAP }).then(isGiven),
      statusOf(`http://${host}:${port}/api/frame.jpeg?src=door`).then(isGiven),
    ),
  rtsp: async (host, port) => {
    await using client = await RawRtsp.connect(port, host);
    return isGiven((await client.request('DESCRIBE', `rtsp://${host}:${port}/door`)).status);
  },
  rtmp: async (host, port) => {
    const url = `rtmp://${host}:${port}/door`;
    const words = ['-v', 'error', '-rw_timeout', '8000000', '-show_entries', 'stream=codec_name', url];
    const { stdout } = await run('ffprobe', words);
    return stdout.includes('h264');
  },
  /** Has nothing for who has no answer of the API; its silence is the same for this machine. */
  webrtc: async (host, port) => {
    const socket = connect(port, host);
    let received = 0;
    socket.on('data', (bytes) => {
      received += bytes.length;
    });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET /api/streams HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(300);
    socket.destroy();
    return received > 0;
  },
};

/** Those that give to nobody. */
const SILENT = new Set(['webrtc']);

async function opensSocket(url: string): Promise<boolean> {
  const socket = new WebSocket(url);
  const opened = await Promise.race([
    once(socket, 'open').then(() => true),
    once(socket, 'unexpected-response').then(() => false),
  ]);
  socket.on('error', () => {});
  socket.terminate();
  return opened;
}

/** The TCP ports of a process that other machines reach. */
function openPorts(pid: number): number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`)) ?? [];
      return inode ?? [];
    }),
  );
  const ports = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode ?? ''))
      .filter(([, address = '']) => !/^(?:[0-9A-F]{6}7F|0{24}01000000):/.test(address))
      .map(([, address = '']) => Number.parseInt(address.slice(-4), 16)),
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

describe('the network', { skip: NETWORK ? false : 'this machine is in none' }, () => {
  const network = NETWORK!;
  const folder = mkdtempSync(join(tmpdir(), 'porthole-reach-'));
  const ports: Record<string, number> = {};
  let camera: RtspCamera;
  let program: string;
  let config: string;

  before(async () => {
    program = await bundleProgram(folder);
    camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x';
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    for (const name of Object.keys(PORTS)) ports[name] = await freePort();
    const pem = (path: string) => JSON.stringify(readFileSync(path, 'utf8'));
    config = `
api:
  listen: ":${ports.api}"
  tls_listen: ":${ports.tls}"
  tls_cert: ${pem(certificate)}
  tls_key: ${pem(key)}
rtsp: { listen: ":${ports.rtsp}" }
rtmp: { listen: ":${ports.rtmp}" }
webrtc: { listen: ":${ports.webrtc}" }
onvif: { devices: { door: { listen: ":${ports.onvif}" } } }
streams: { door: "${camera.url}" }
`;
  });
  after(async () => {
    await camera.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Every open port, asked from this address: which of them give something. */
  const given = async (machine: Machine, host: string): Promise<string[]> => {
    const open = openPorts(machine.pid);
    assert.deepEqual(
      open,
      Object.values(ports).sort((a, b) => a - b),
      'each port that is open is asked below',
    );
    const names = [];
    for (const [name, ask] of Object.entries(PORTS)) if (await ask(host, ports[name]!)) names.push(name);
    return names;
  };
  const audible = Object.keys(PORTS).filter((name) => !SILENT.has(name));

  test('is given nothing by an add-on as it comes, whatever its config file listens on', async () => {
    await using machine = await Machine.open(program);
    machine.write('config/porthole.yaml', config);
    await machine.start();
    assert.deepEqual(await given(machine, network), []);
    assert.deepEqual(await given(machine, LOOPBACK), audible, 'the questions are right');
    assert.match(machine.log, /WRN \[rtsp\] other machines are refused/);
    assert.match(machine.log, /WRN \[rtmp\] other machines are refused/);
  });

  test('is given all where the option says so', async () => {
    await using machine = await Machine.open(program);
    machine.write('config/porthole.yaml', config);
    await machine.start({ open_to_lan: true });
    assert.deepEqual(await given(machine, network), audible);
    assert.equal(await statusOf(`http://${network}:${ports.api}/api/config`), 403, 'but for secrets');
    assert.doesNotMatch(machine.log, /other machines are refused/);
  });

  test('RTSP takes tokens and the key of the integration, from wherever they come', async () => {
    await using machine = await Machine.open(program);
    machine.write('config/porthole.yaml', config);
    await machine.start();
    const wish = { method: 'POST', body: JSON.stringify({ stream: 'door' }) };
    const made = await machine.fetch('/api/tokens', wish, ports.api);
    const { token } = (await made.json()) as { token: string };
    const { username, password } = machine.supervisor.messages[0]!.config;
    const frames = async (address: string) => {
      const words = ['-v', 'error', '-rtsp_transport', 'tcp', '-timeout', '8000000'];
      const { stdout } = await run('ffprobe', [...words, '-show_entries', 'stream=codec_name', address]);
      return stdout.includes('h264');
    };
    for (const host of [LOOPBACK, network]) {
      const place = `${host}:${ports.rtsp}`;
      assert.equal(await frames(`rtsp://${place}/door?token=${token}`), true, host);
      assert.equal(await frames(`rtsp://${place}/door?token=wrong`), false, host);
      // FFmpeg answers by Digest.
      assert.equal(await frames(`rtsp://${username}:${password}@${place}/door`), true, host);
    }
    assert.equal(await frames(`rtsp://${username}:wrong@${network}:${ports.rtsp}/door`), false);
    const basic = `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    await using client = await RawRtsp.connect(ports.rtsp!, network);
    const { status } = await client.request('DESCRIBE', `rtsp://${network}:${ports.rtsp}/door`, [basic]);
    assert.equal(status, 200);
    assert.ok(!machine.log.includes(token) && !machine.log.includes(String(password)));
  });
});

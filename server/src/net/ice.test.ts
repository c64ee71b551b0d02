import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import type { StreamError } from '../core/errors.ts';
import { localAddresses, parseAnnounced } from './ice-addresses.ts';
import { IceAgent, type IceCredentials } from './ice-agent.ts';
import { type Candidate, formatCandidate, localCandidate, parseCandidate } from './ice-candidate.ts';
import { FrameReader, frame, frameAll, MAX_FRAME_BYTES } from './ice-framing.ts';
import { IceMux } from './ice-mux.ts';
import { askReflexiveAddress } from './ice-reflexive.ts';
import { parseIceServers } from './ice-servers.ts';
import {
  encodeStun,
  encodeXorAddress,
  parseStun,
  STUN_ATTRIBUTE,
  stunTransactionId,
  uint32,
} from './stun.ts';

const muxes: IceMux[] = [];
after(() => {
  for (const mux of muxes) mux.close();
});

async function listen(host = '127.0.0.1'): Promise<IceMux> {
  const mux = await IceMux.listen({ host, ports: [0, 0], networks: ['udp4', 'udp6', 'tcp4', 'tcp6'] });
  muxes.push(mux);
  return mux;
}

function candidateOf(mux: IceMux, address = '127.0.0.1'): Candidate {
  return localCandidate({ protocol: 'udp', type: 'host', address, port: mux.port, order: 0, ufrag: 'x' });
}

interface Side {
  readonly agent: IceAgent;
  readonly connected: Promise<void>;
  readonly failed: Promise<StreamError>;
  readonly received: string[];
}

function side(mux: IceMux, controlling: boolean): Side {
  const connected = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<StreamError>();
  const received: string[] = [];
  const agent = new IceAgent({
    mux,
    controlling,
    onConnected: connected.resolve,
    onData: (bytes) => received.push(bytes.toString()),
    onFailed: failed.resolve,
  });
  return { agent, connected: connected.promise, failed: failed.promise, received };
}

/** Two sessions that know each other's credentials, and no address yet. */
function pair(left: IceMux, right: IceMux, roles: readonly [boolean, boolean] = [true, false]): [Side, Side] {
  const a = side(left, roles[0]);
  const b = side(right, roles[1]);
  a.agent.setRemote(b.agent);
  b.agent.setRemote(a.agent);
  return [a, b];
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 200, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A peer by hand: sends binding requests as a browser would. */
function bindingRequest(agent: IceCredentials, key = agent.password, nominate = true): Buffer {
  return encodeStun(
    {
      class: 'request',
      method: 1,
      transactionId: stunTransactionId(),
      attributes: [
        [STUN_ATTRIBUTE.username, Buffer.from(`${agent.ufrag}:hand`)],
        [STUN_ATTRIBUTE.priority, uint32(1)],
        [STUN_ATTRIBUTE.iceControlling, Buffer.alloc(8, 1)],
        ...(nominate ? [[STUN_ATTRIBUTE.useCandidate, Buffer.alloc(0)] as const] : []),
      ],
    },
    createSecretKey(Buffer.from(key)),
  );
}

/** Answers a check of ours with the password that we think the peer has. */
function answerTo(request: Buffer, password: string): Buffer | undefined {
  const message = parseStun(request);
  if (message?.class !== 'request') return undefined;
  const { transactionId } = message;
  const mapped = encodeXorAddress({ address: '127.0.0.1', port: 1 }, transactionId);
  return encodeStun(
    { class: 'success', method: 1, transactionId, attributes: [[STUN_ATTRIBUTE.xorMappedAddress, mapped]] },
    createSecretKey(Buffer.from(password)),
  );
}

const HAND: IceCredentials = { ufrag: 'hand', password: 'password of the peer by hand' };

describe('candidates', () => {
  test('as browsers write them', () => {
    const texts = [
      'candidate:2070692838 1 udp 2130706431 192.0.2.2 8555 typ host ufrag ETTM',
      'candidate:1 1 tcp 1671430143 192.0.2.2 9 typ host tcptype active',
      'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154',
      'candidate:0 1 udp 2122252543 2001:db8::1 53000 typ host',
    ];
    for (const text of texts) {
      const candidate = parseCandidate(text)!;
      assert.equal(formatCandidate(candidate), text);
      assert.deepEqual(parseCandidate(`a=${text}`), candidate);
    }
    const hidden = parseCandidate(
      'candidate:1 1 UDP 2113937151 b4b3c1f2-1b2c.local 53 typ host generation 0 ufrag a+b/ network-cost 999',
    );
    assert.equal(hidden?.address, 'b4b3c1f2-1b2c.local');
    assert.equal(hidden?.protocol, 'udp');
    assert.equal(hidden?.ufrag, 'a+b/');
  });

  test('what is none is refused', () => {
    for (const text of ['', 'candidate:', 'end-of-candidates', 'candidate:1 1 udp 1 1.2.3.4 99999 typ host'])
      assert.equal(parseCandidate(text), undefined, text);
    assert.equal(parseCandidate(`candidate:1 1 udp 1 1.2.3.4 9 typ host ${'x '.repeat(5000)}`), undefined);
  });

  test('UDP is above TCP, the first address above the second, relays last', () => {
    const priority = (protocol: 'udp' | 'tcp', type: 'host' | 'srflx' | 'relay', order: number): number =>
      localCandidate({ protocol, type, order, address: '1.2.3.4', port: 1, ufrag: 'x' }).priority;
    const order = [
      priority('udp', 'host', 0),
      priority('udp', 'host', 1),
      priority('udp', 'srflx', 0),
      priority('tcp', 'host', 0),
      priority('udp', 'relay', 0),
    ];
    assert.deepEqual(
      order,
      [...order].sort((a, b) => b - a),
    );
    assert.equal(priority('udp', 'host', 0), 2130706431);
  });
});

describe('our addresses', () => {
  const address = (text: string, internal = false) =>
    ({ address: text, internal, family: text.includes(':') ? 'IPv6' : 'IPv4' }) as never;
  const interfaces = {
    lo: [address('127.0.0.1', true), address('::1', true)],
    eth0: [address('fe80::1'), address('2001:db8::5'), address('192.168.1.5')],
    docker0: [address('172.17.0.1')],
  };

  test('loopback, link-local and Docker-like ones are left out', () => {
    assert.deepEqual(localAddresses(interfaces, {}), ['192.168.1.5', '2001:db8::5']);
  });

  test('filters of the config', () => {
    const lo = ['127.0.0.1', '::1'];
    assert.deepEqual(localAddresses(interfaces, { loopback: true }), [
      lo[0],
      '192.168.1.5',
      lo[1],
      '2001:db8::5',
    ]);
    assert.deepEqual(localAddresses(interfaces, { loopback: true, interfaces: ['lo'] }), lo);
    assert.deepEqual(localAddresses(interfaces, { interfaces: ['docker0'] }), ['172.17.0.1']);
    assert.deepEqual(localAddresses(interfaces, { ips: ['172.17.0.1'] }), ['172.17.0.1']);
    assert.deepEqual(localAddresses(interfaces, { candidates: ['2001:db8::5'] }), ['2001:db8::5']);
    assert.deepEqual(localAddresses(interfaces, { candidates: [] }), []);
  });

  test('a server in a container offers what it has', () => {
    const { lo, docker0 } = interfaces;
    assert.deepEqual(localAddresses({ lo, docker0 }, {}), ['172.17.0.1']);
    assert.deepEqual(localAddresses({ lo, docker0 }, { loopback: true }), ['127.0.0.1', '172.17.0.1', '::1']);
  });

  test('addresses to announce', () => {
    assert.deepEqual(parseAnnounced('stun:8555'), { host: undefined, port: 8555 });
    assert.deepEqual(parseAnnounced('[2001:db8::1]:8555'), { host: '2001:db8::1', port: 8555 });
    assert.deepEqual(parseAnnounced(' home.example.org:8443 '), { host: 'home.example.org', port: 8443 });
    for (const text of ['', '1.2.3.4', '1.2.3.4:0', '1.2.3.4:70000', '2001:db8::1:8555', '[nonsense]:1'])
      assert.equal(parseAnnounced(text), undefined, text);
  });

  test('STUN and TURN servers', () => {
    const user = { username: 'u', credential: 'c' };
    const { stun, turn } = parseIceServers([
      { urls: ['stun:stun.example.org', 'stun:[2001:db8::1]:19302'] },
      { urls: 'turn:turn.example.org:3478?transport=udp', ...user },
      { urls: ['turn:turn.example.org?transport=tcp', 'turns:turn.example.org'], ...user },
      { urls: 'turn:turn.example.org' },
      { urls: ['http://example.org', 'stun:', 'turn:a:0', `turn:${'a'.repeat(300)}`], ...user },
    ]);
    assert.deepEqual(stun, [
      { host: 'stun.example.org', port: 3478 },
      { host: '2001:db8::1', port: 19302 },
    ]);
    assert.deepEqual(
      turn.map(({ port, transport }) => [port, transport]),
      [
        [3478, 'udp'],
        [3478, 'tcp'],
        [5349, 'tls'],
      ],
    );
  });
});

describe('a session', () => {
  for (const [what, roles] of [
    ['the peer nominates', [true, false]],
    ['both think they control', [true, true]],
    ['neither thinks it controls', [false, false]],
  ] as const) {
    test(`connects, and carries datagrams both ways: ${what}`, async () => {
      const [left, right] = [await listen(), await listen()];
      const [a, b] = pair(left, right, roles);
      a.agent.addRemoteCandidate(candidateOf(right));
      b.agent.addRemoteCandidate(candidateOf(left));
      await Promise.all([a.connected, b.connected]);
      a.agent.send(Buffer.from('\x16 from a'));
      b.agent.send(Buffer.from('\x16 from b'));
      await until(() => a.received.length + b.received.length === 2, 'both got it');
      assert.deepEqual([a.received, b.received], [['\x16 from b'], ['\x16 from a']]);
      a.agent.close();
      b.agent.close();
      assert.deepEqual(left.counts, { sessions: 0, addresses: 0, connections: 0 });
    });
  }

  test('connects when only one side knows the address of the other (peer-reflexive)', async () => {
    const [left, right] = [await listen(), await listen()];
    const [a, b] = pair(left, right);
    a.agent.addRemoteCandidate(candidateOf(right));
    await Promise.all([a.connected, b.connected]);
    a.agent.close();
    b.agent.close();
  });

  test('many share a port, and none hears the datagrams of another', async () => {
    const [left, right] = [await listen(), await listen()];
    const pairs = Array.from({ length: 3 }, () => pair(left, right));
    const peers = await Promise.all([listen(), listen(), listen()]);
    for (const [a, b] of pairs) {
      a.agent.close();
      b.agent.close();
    }
    const sessions = peers.map((peer) => pair(peer, right));
    sessions.forEach(([a]) => {
      a.agent.addRemoteCandidate(candidateOf(right));
    });
    await Promise.all(sessions.flatMap(([a, b]) => [a.connected, b.connected]));
    assert.equal(right.counts.sessions, 3);
    sessions.forEach(([a, b], index) => {
      a.agent.send(Buffer.from(`to b${index}`));
      b.agent.send(Buffer.from(`to a${index}`));
    });
    await until(
      () => sessions.every(([a, b]) => a.received.length + b.received.length === 2),
      'all got theirs',
    );
    sessions.forEach(([a, b], index) => {
      assert.deepEqual([a.received, b.received], [[`to a${index}`], [`to b${index}`]]);
      a.agent.close();
      b.agent.close();
    });
    assert.deepEqual(right.counts, { sessions: 0, addresses: 0, connections: 0 });
  });

  test('a peer without the password gets no answer and no place in the tables', async () => {
    const mux = await listen();
    const { agent, connected } = side(mux, false);
    agent.setRemote(HAND);
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', () => answers++);
    const send = (bytes: Buffer): Promise<void> =>
      new Promise((resolve) => void socket.send(bytes, mux.port, '127.0.0.1', () => resolve()));
    await send(bindingRequest(agent, 'wrong'));
    await send(bindingRequest({ ufrag: 'nobody', password: agent.password }));
    await send(Buffer.from('\x16 no STUN'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(answers, 0);
    assert.equal(mux.counts.addresses, 0);
    await send(bindingRequest(agent));
    socket.on('message', (bytes) => {
      const answer = answerTo(bytes, HAND.password);
      if (answer) socket.send(answer, mux.port, '127.0.0.1');
    });
    await connected;
    assert.equal(mux.counts.addresses, 1);
    agent.close();
    socket.close();
  });

  test('over TCP; a connection that says anything else first is closed', async () => {
    const mux = await listen();
    const { agent, connected, received } = side(mux, false);
    agent.setRemote(HAND);
    for (const first of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      frame(bindingRequest(agent, 'wrong')),
      frame(Buffer.from('\x16 DTLS before STUN')),
    ]) {
      const stranger = connect(mux.port, '127.0.0.1');
      stranger.on('error', () => {});
      stranger.write(first);
      await once(stranger, 'close');
    }
    const socket = connect(mux.port, '127.0.0.1');
    const reader = new FrameReader();
    const heard: string[] = [];
    socket.on('data', (bytes: Buffer) =>
      reader.push(bytes, (datagram) => {
        const answer = answerTo(datagram, HAND.password);
        if (answer) socket.write(frame(answer));
        else if (!parseStun(datagram)) heard.push(datagram.toString());
      }),
    );
    const request = frame(bindingRequest(agent));
    socket.write(request.subarray(0, 7));
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.write(Buffer.concat([request.subarray(7), frame(Buffer.from('too early'))]));
    await connected;
    assert.equal(agent.path?.protocol, 'tcp');
    socket.write(frame(Buffer.from('from the peer')));
    const bytes = Buffer.from('..one....two..');
    agent.path?.sendAll({ bytes, offsets: [2, 9, 0], lengths: [3, 3, 5], count: 2 });
    await until(() => heard.length === 2 && received.length > 0, 'both heard');
    assert.deepEqual(heard, ['one', 'two']);
    assert.equal(received.at(-1), 'from the peer');
    agent.close();
    await once(socket, 'close');
    await until(() => mux.counts.connections === 0, 'closed');
    assert.deepEqual(mux.counts, { sessions: 0, addresses: 0, connections: 0 });
  });

  test('moves to another path when its TCP connection breaks, and ends when it was the last', async () => {
    const mux = await listen();
    const { agent, failed } = side(mux, false);
    agent.setRemote(HAND);
    const join = async (): Promise<ReturnType<typeof connect>> => {
      const socket = connect(mux.port, '127.0.0.1');
      const reader = new FrameReader();
      let answered = false;
      socket.on('data', (bytes: Buffer) =>
        reader.push(bytes, (datagram) => {
          const answer = answerTo(datagram, HAND.password);
          if (answer) socket.write(frame(answer));
          answered ||= answer !== undefined;
        }),
      );
      socket.write(frame(bindingRequest(agent)));
      await until(() => answered, 'checked');
      return socket;
    };
    const first = await join();
    const second = await join();
    await until(() => agent.path !== undefined, 'connected');
    const paths = [agent.path];
    first.destroy();
    await until(() => mux.counts.connections === 1, 'closed');
    assert.ok(agent.path && !agent.path.closed);
    assert.equal(paths.length, 1);
    second.destroy();
    assert.equal((await failed).code, 'closed');
    assert.equal(mux.counts.sessions, 0);
  });

  test('an address that another session left goes to the one that proves itself', async () => {
    const mux = await listen();
    const [stale, fresh] = [side(mux, false), side(mux, false)];
    const socket = createSocket('udp4');
    socket.on('message', (bytes) => {
      const answer = answerTo(bytes, HAND.password);
      if (answer) socket.send(answer, mux.port, '127.0.0.1');
    });
    for (const { agent, connected } of [stale, fresh]) {
      agent.setRemote(HAND);
      socket.send(bindingRequest(agent), mux.port, '127.0.0.1');
      await connected;
    }
    assert.equal((await stale.failed).code, 'closed');
    socket.send('data', mux.port, '127.0.0.1');
    await until(() => fresh.received.length === 1, 'the fresh one hears');
    assert.equal(stale.received.length, 0);
    fresh.agent.close();
    socket.close();
  });

  test('forgets the oldest addresses of a peer that comes from everywhere', async () => {
    const mux = await listen();
    const { agent } = side(mux, false);
    agent.setRemote(HAND);
    const sockets = Array.from({ length: 60 }, () => createSocket('udp4'));
    for (const socket of sockets) socket.send(bindingRequest(agent), mux.port, '127.0.0.1');
    await until(() => mux.counts.addresses >= 48, 'addresses come in');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(mux.counts.addresses, 48);
    agent.close();
    assert.equal(mux.counts.addresses, 0);
    for (const socket of sockets) socket.close();
  });

  test('ends when the peer does not answer any more', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let now = performance.now();
    context.mock.method(performance, 'now', () => now);
    const mux = { register: () => () => {}, pathTo: () => undefined } as unknown as IceMux;
    let connected = 0;
    const reasons: StreamError[] = [];
    const agent = new IceAgent({
      mux,
      controlling: false,
      onConnected: () => connected++,
      onData: () => {},
      onFailed: (error) => reasons.push(error),
    });
    agent.setRemote(HAND);
    let answering = true;
    const path = {
      protocol: 'udp' as const,
      remote: { address: '127.0.0.1', port: 9 },
      relayed: false,
      queuedBytes: 0,
      closed: false,
      sendAll: () => {},
      send(bytes: Buffer) {
        const answer = answering && answerTo(bytes, HAND.password);
        if (answer) queueMicrotask(() => agent.onDatagram(answer, path));
      },
    };
    const pass = async (seconds: number): Promise<void> => {
      for (let step = 0; step < seconds * 2; step++) {
        now += 500;
        context.mock.timers.tick(500);
        await Promise.resolve();
      }
    };
    agent.onDatagram(bindingRequest(agent), path);
    await pass(60);
    assert.equal(connected, 1);
    assert.equal(reasons.length, 0);
    answering = false;
    await pass(10);
    assert.equal(reasons.length, 0);
    await pass(5.5);
    assert.equal(reasons[0]?.code, 'closed');
  });

  test('ends when no path is found', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let now = performance.now();
    context.mock.method(performance, 'now', () => now);
    const mux = { register: () => () => {}, pathTo: () => undefined } as unknown as IceMux;
    const { failed, agent } = side(mux, false);
    agent.setRemote(HAND);
    for (let step = 0; step < 500; step++) {
      now += 50;
      context.mock.timers.tick(50);
    }
    assert.equal((await failed).code, 'timeout');
  });
});

describe('the port', () => {
  test('taken by another program: an error that says so', async () => {
    const mux = await listen();
    await assert.rejects(
      IceMux.listen({ host: '127.0.0.1', ports: [mux.port, mux.port], networks: ['udp4'] }),
      /EADDRINUSE/,
    );
    const next = await IceMux.listen({
      host: '127.0.0.1',
      ports: [mux.port, mux.port + 5],
      networks: ['udp4', 'tcp4'],
    });
    assert.notEqual(next.port, mux.port);
    next.close();
  });

  test('UDP and TCP, IPv4 and IPv6, on one number', async () => {
    const mux = await IceMux.listen({ ports: [0, 0], networks: ['udp4', 'udp6', 'tcp4', 'tcp6'] });
    assert.ok(mux.networks.includes('udp4') && mux.networks.includes('tcp4'));
    const [a, b] = pair(mux, mux);
    if (mux.networks.includes('udp6')) {
      const other = await IceMux.listen({ host: '::1', ports: [0, 0], networks: ['udp6'] });
      const [c, d] = pair(other, mux);
      c.agent.addRemoteCandidate(candidateOf(mux, '::1'));
      await Promise.all([c.connected, d.connected]);
      c.agent.close();
      d.agent.close();
      other.close();
    }
    a.agent.close();
    b.agent.close();
    mux.close();
  });

  test('asks a STUN server for our public address', async () => {
    const mux = await listen();
    const server = createSocket('udp4');
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    let asked = 0;
    server.on('message', (bytes, { port }) => {
      if (asked++ === 0) return; // The first is lost.
      const { transactionId } = parseStun(bytes)!;
      const mapped = encodeXorAddress({ address: '203.0.113.9', port: 40000 }, transactionId);
      const fields = { class: 'success', method: 1, transactionId } as const;
      server.send(
        encodeStun({ ...fields, attributes: [[STUN_ATTRIBUTE.xorMappedAddress, mapped]] }),
        port,
        '127.0.0.1',
      );
    });
    const endpoint = { address: '127.0.0.1', port: server.address().port };
    assert.deepEqual(await askReflexiveAddress(mux, endpoint), { address: '203.0.113.9', port: 40000 });
    assert.equal(mux.counts.sessions, 0);
    server.close();
  });
});

describe('framing', () => {
  test('datagrams come out as they went in, however the stream is cut', () => {
    const datagrams = Array.from({ length: 20 }, (_, index) => Buffer.alloc(index * 37 + 1, index));
    const stream = Buffer.concat(datagrams.map(frame));
    for (const step of [1, 2, 3, 100, stream.length]) {
      const reader = new FrameReader();
      const out: Buffer[] = [];
      for (let at = 0; at < stream.length; at += step)
        assert.ok(reader.push(stream.subarray(at, at + step), (datagram) => out.push(Buffer.from(datagram))));
      assert.deepEqual(out, datagrams);
    }
    const bytes = Buffer.concat(datagrams);
    let at = 0;
    const offsets = datagrams.map(({ length }) => {
      at += length;
      return at - length;
    });
    const lengths = datagrams.map(({ length }) => length);
    assert.deepEqual(frameAll({ bytes, offsets, lengths, count: lengths.length }), stream);
  });

  test('a length that no datagram has ends it', () => {
    const reader = new FrameReader();
    const head = Buffer.alloc(2);
    head.writeUInt16BE(MAX_FRAME_BYTES + 1);
    assert.equal(
      reader.push(head, () => assert.fail()),
      false,
    );
  });
});

/** ICE as the side that offers: who controls nominates, once; passive TCP candidates are connected to. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { IceAgent } from './ice-agent.ts';
import { type Candidate, parseCandidate } from './ice-candidate.ts';
import { IceMux } from './ice-mux.ts';
import { encodeStun, encodeXorAddress, parseStun, STUN_ATTRIBUTE, stunAttribute } from './stun.ts';

const HOST = '127.0.0.1';

const candidate = (port: number, protocol: 'udp' | 'tcp', tcpType = ''): Candidate =>
  parseCandidate(
    `candidate:1 1 ${protocol} 2130706431 ${HOST} ${port} typ host${tcpType ? ` tcptype ${tcpType}` : ''}`,
  )!;

async function open(t: TestContext, networks: readonly ('udp4' | 'tcp4')[]): Promise<IceMux> {
  const mux = await IceMux.listen({ host: HOST, ports: [0, 0], networks });
  t.after(() => mux.close());
  return mux;
}

function agentOn(mux: IceMux, controlling: boolean, connectsTcp: boolean) {
  const connected = Promise.withResolvers<void>();
  const received: string[] = [];
  const agent = new IceAgent({
    mux,
    controlling,
    connectsTcp,
    onConnected: connected.resolve,
    onData: (bytes) => received.push(bytes.toString()),
    onFailed: connected.reject,
  });
  return { agent, received, connected: connected.promise };
}

test('the path is checked, then nominated; a peer that only answers (ICE-lite) is enough', async (t) => {
  const mux = await open(t, ['udp4']);
  const { agent, connected } = agentOn(mux, false, false);
  const lite = createSocket('udp4').bind(0, HOST);
  await once(lite, 'listening');
  t.after(() => lite.close());
  const key = createSecretKey(Buffer.from('password of a lite peer'));
  const nominations: boolean[] = [];
  lite.on('message', (bytes, { address, port }) => {
    const request = parseStun(bytes)!;
    nominations.push(stunAttribute(request, STUN_ATTRIBUTE.useCandidate) !== undefined);
    assert.ok(stunAttribute(request, STUN_ATTRIBUTE.iceControlling), 'a lite peer is controlled');
    const mapped = encodeXorAddress({ address, port }, request.transactionId);
    lite.send(
      encodeStun(
        {
          class: 'success',
          method: 1,
          transactionId: request.transactionId,
          attributes: [[STUN_ATTRIBUTE.xorMappedAddress, mapped]],
        },
        key,
      ),
      port,
      address,
    );
  });
  agent.addRemoteCandidate(candidate(lite.address().port, 'udp'));
  agent.setRemote({ ufrag: 'lite', password: 'password of a lite peer' }, true);
  await connected;
  assert.deepEqual(nominations, [false, true]);
  agent.close();
});

test('over a passive TCP candidate, both ways', async (t) => {
  const [near, far] = await Promise.all([open(t, ['udp4', 'tcp4']), open(t, ['tcp4'])]);
  const ours = agentOn(near, true, true);
  const theirs = agentOn(far, false, false);
  ours.agent.addRemoteCandidate(candidate(9, 'tcp', 'active'));
  ours.agent.addRemoteCandidate(candidate(far.port, 'tcp', 'passive'));
  ours.agent.setRemote(theirs.agent);
  theirs.agent.setRemote(ours.agent);
  await Promise.all([ours.connected, theirs.connected]);
  assert.equal(ours.agent.path?.protocol, 'tcp');
  ours.agent.send(Buffer.from('hello'));
  theirs.agent.send(Buffer.from('good day'));
  while (ours.received.length + theirs.received.length < 2) await new Promise((done) => setTimeout(done, 5));
  assert.deepEqual([ours.received, theirs.received], [['good day'], ['hello']]);
  ours.agent.close();
  theirs.agent.close();
});

test('nobody who merely asks makes us connect', async (t) => {
  const [near, far] = await Promise.all([open(t, ['udp4', 'tcp4']), open(t, ['tcp4'])]);
  const { agent } = agentOn(near, false, false);
  agent.addRemoteCandidate(candidate(far.port, 'tcp', 'passive'));
  agent.setRemote({ ufrag: 'peer', password: 'password' });
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(far.counts.connections, 0);
  agent.close();
});

test('a TCP candidate where nothing listens is forgotten, another one is used', async (t) => {
  const [near, far] = await Promise.all([open(t, ['udp4', 'tcp4']), open(t, ['udp4', 'tcp4'])]);
  const ours = agentOn(near, true, true);
  const theirs = agentOn(far, false, false);
  ours.agent.addRemoteCandidate({ ...candidate(9, 'tcp', 'passive'), priority: 2 ** 31 });
  ours.agent.addRemoteCandidate(candidate(far.port, 'udp'));
  ours.agent.setRemote(theirs.agent);
  theirs.agent.setRemote(ours.agent);
  await Promise.all([ours.connected, theirs.connected]);
  assert.equal(ours.agent.path?.protocol, 'udp');
  ours.agent.close();
  theirs.agent.close();
});

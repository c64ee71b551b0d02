import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTurnServer } from '../../../test/fakes/turn-server.ts';
import { IceAgent } from './ice-agent.ts';
import { localCandidate } from './ice-candidate.ts';
import { IceMux } from './ice-mux.ts';
import type { TurnServer } from './ice-servers.ts';
import { TurnAllocation } from './turn.ts';
import { splitMessages } from './turn-link.ts';

const signal = AbortSignal.timeout(20_000);

const serverAt = (port: number, transport: 'udp' | 'tcp', credential = 'secret'): TurnServer => ({
  host: '127.0.0.1',
  port,
  transport,
  username: 'user',
  credential,
});

for (const transport of ['udp', 'tcp'] as const) {
  test(`two sessions meet at a relay, over ${transport}`, async () => {
    const turn = await startTurnServer('user', 'secret');
    const peers = await Promise.all(
      [true, false].map((first) =>
        // The session behind the relay has no UDP port of its own that reaches the other.
        IceMux.listen({ host: '127.0.0.1', ports: [0, 0], networks: first ? ['tcp4'] : ['udp4'] }),
      ),
    );
    const [behind, outside] = peers.map((mux, index) => {
      const connected = Promise.withResolvers<void>();
      const heard: string[] = [];
      const agent = new IceAgent({
        mux,
        controlling: index === 1,
        onConnected: connected.resolve,
        onData: (bytes) => heard.push(bytes.toString()),
        onFailed: connected.reject,
      });
      return { mux, agent, connected: connected.promise, heard };
    }) as [Peer, Peer];
    const { agent } = behind;
    const allocation = await TurnAllocation.open(
      serverAt(turn.port, transport),
      (bytes, path) => agent.onDatagram(bytes, path),
      signal,
    );
    assert.notEqual(allocation.relayed.port, 0);
    agent.setRemote(outside.agent);
    outside.agent.setRemote(agent);
    agent.addRelay(allocation);
    const fields = { protocol: 'udp', order: 0, ufrag: 'x' } as const;
    outside.agent.addRemoteCandidate(localCandidate({ ...fields, type: 'relay', ...allocation.relayed }));
    turn.changeNonce();
    agent.addRemoteCandidate(
      localCandidate({ ...fields, type: 'host', address: '127.0.0.1', port: outside.mux.port }),
    );
    await Promise.all([behind.connected, outside.connected]);
    assert.ok(agent.path?.relayed);
    const bytes = Buffer.from('onetwo');
    agent.path.sendAll({ bytes, offsets: [0, 3], lengths: [3, 3], count: 2 });
    outside.agent.send(Buffer.from('back'));
    while (outside.heard.length < 2 || behind.heard.length < 1) await new Promise((r) => setTimeout(r, 10));
    assert.deepEqual(outside.heard, ['one', 'two']);
    assert.deepEqual(behind.heard, ['back']);
    assert.deepEqual({ ...turn.counts }, { allocated: 1, bound: 1, released: 0 });
    allocation.close();
    assert.ok(agent.path?.closed);
    while (turn.counts.released < 1) await new Promise((r) => setTimeout(r, 10));
    agent.close();
    outside.agent.close();
    for (const mux of peers) mux.close();
    turn.close();
  });
}

interface Peer {
  readonly mux: IceMux;
  readonly agent: IceAgent;
  readonly connected: Promise<void>;
  readonly heard: string[];
}

test('a wrong password and a server that is none are told apart, and no password is told', async () => {
  const turn = await startTurnServer('user', 'secret');
  const open = (server: TurnServer): Promise<TurnAllocation> => TurnAllocation.open(server, () => {}, signal);
  await assert.rejects(open(serverAt(turn.port, 'udp', 'guess')), { code: 'unauthorized' });
  await assert.rejects(
    open(serverAt(turn.port, 'tcp', 'guess')),
    (error: Error) => !error.message.includes('guess'),
  );
  turn.close();
  await assert.rejects(open(serverAt(turn.port, 'tcp')), { code: 'unreachable' });
});

test('messages of a byte stream', () => {
  const channel = Buffer.from('40000003abcdef00', 'hex');
  const stun = Buffer.alloc(20);
  const stream = Buffer.concat([channel, stun, channel]);
  for (let cut = 0; cut <= stream.length; cut++) {
    const out: string[] = [];
    const emit = (message: Buffer): void => void out.push(message.toString('hex'));
    const rest = splitMessages(stream.subarray(0, cut), emit);
    splitMessages(Buffer.concat([rest, stream.subarray(cut)]), emit);
    assert.deepEqual(out, ['40000003abcdef', stun.toString('hex'), '40000003abcdef']);
  }
});

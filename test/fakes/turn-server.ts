/** A TURN server (RFC 8656) that relays UDP on loopback: long-term credentials, channels, and nonces that go stale. */
import { createHash, createSecretKey } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import {
  decodeXorAddress,
  type Endpoint,
  encodeStun,
  encodeStunError,
  encodeXorAddress,
  hasIntegrity,
  parseStun,
  STUN_ATTRIBUTE,
  STUN_METHOD,
  type StunAttribute,
  type StunMessage,
  stunAttribute,
  uint32,
} from '../../server/src/net/stun.ts';
import { splitMessages } from '../../server/src/net/turn-link.ts';

const REALM = 'porthole.test';
const HOST = '127.0.0.1';

export interface FakeTurnServer {
  readonly port: number;
  /** Allocations made, channels bound, allocations given back. */
  readonly counts: { allocated: number; bound: number; released: number };
  /** Nonces given out so far are stale from now on. */
  changeNonce(): void;
  close(): void;
}

interface Allocation {
  readonly socket: Socket;
  readonly byChannel: Map<number, Endpoint>;
}

/** Starts the server for UDP and TCP clients, who must know this user and password. */
export async function startTurnServer(username: string, password: string): Promise<FakeTurnServer> {
  const key = createSecretKey(createHash('md5').update(`${username}:${REALM}:${password}`).digest());
  const counts = { allocated: 0, bound: 0, released: 0 };
  const allocations = new Map<string, Allocation>();
  let nonce = 'first';

  const answer = (request: StunMessage, attributes: readonly StunAttribute[], error = false): Buffer => {
    const { method, transactionId } = request;
    return encodeStun(
      { class: error ? 'error' : 'success', method, transactionId, attributes },
      error ? undefined : key,
    );
  };
  const challenge = (request: StunMessage, code: number): Buffer =>
    answer(
      request,
      [
        [STUN_ATTRIBUTE.errorCode, encodeStunError(code, 'Try again')],
        [STUN_ATTRIBUTE.realm, Buffer.from(REALM)],
        [STUN_ATTRIBUTE.nonce, Buffer.from(nonce)],
      ],
      true,
    );

  const allocate = async (client: string, send: (bytes: Buffer) => void): Promise<Allocation> => {
    const socket = createSocket('udp4');
    socket.bind(0, HOST);
    await once(socket, 'listening');
    const allocation: Allocation = { socket, byChannel: new Map() };
    socket.on('message', (bytes, { address, port }) => {
      for (const [channel, peer] of allocation.byChannel) {
        if (peer.address !== address || peer.port !== port) continue;
        const head = Buffer.from([channel >> 8, channel & 0xff, bytes.length >> 8, bytes.length & 0xff]);
        send(Buffer.concat([head, bytes]));
      }
    });
    allocations.set(client, allocation);
    counts.allocated++;
    return allocation;
  };

  const onMessage = async (bytes: Buffer, client: string, send: (bytes: Buffer) => void): Promise<void> => {
    const known = allocations.get(client);
    if (bytes[0]! >= 0x40) {
      const peer = known?.byChannel.get(bytes.readUInt16BE());
      if (peer)
        known!.socket.send(
          Buffer.from(bytes.subarray(4, 4 + bytes.readUInt16BE(2))),
          peer.port,
          peer.address,
        );
      return;
    }
    const request = parseStun(Buffer.from(bytes));
    if (request?.class !== 'request') return;
    if (!hasIntegrity(request, key)) return send(challenge(request, 401));
    if (stunAttribute(request, STUN_ATTRIBUTE.nonce)?.toString() !== nonce)
      return send(challenge(request, 438));
    const { transactionId } = request;
    if (request.method === STUN_METHOD.allocate) {
      const { socket } = known ?? (await allocate(client, send));
      const [address, port] = client.split(' ') as [string, string];
      const relayed = { address: HOST, port: socket.address().port };
      send(
        answer(request, [
          [STUN_ATTRIBUTE.xorRelayedAddress, encodeXorAddress(relayed, transactionId)],
          [STUN_ATTRIBUTE.xorMappedAddress, encodeXorAddress({ address, port: Number(port) }, transactionId)],
          [STUN_ATTRIBUTE.lifetime, uint32(600)],
        ]),
      );
    } else if (request.method === STUN_METHOD.channelBind && known) {
      const peer = decodeXorAddress(stunAttribute(request, STUN_ATTRIBUTE.xorPeerAddress), transactionId);
      const channel = stunAttribute(request, STUN_ATTRIBUTE.channelNumber)?.readUInt16BE();
      if (!peer || channel === undefined) return;
      known.byChannel.set(channel, peer);
      counts.bound++;
      send(answer(request, []));
    } else if (request.method === STUN_METHOD.refresh && known) {
      const lifetime = stunAttribute(request, STUN_ATTRIBUTE.lifetime)?.readUInt32BE() ?? 0;
      if (lifetime === 0) {
        known.socket.close();
        allocations.delete(client);
        counts.released++;
      }
      send(answer(request, [[STUN_ATTRIBUTE.lifetime, uint32(lifetime)]]));
    }
  };

  const udp = createSocket('udp4');
  udp.bind(0, HOST);
  await once(udp, 'listening');
  const { port } = udp.address();
  let open = true;
  udp.on('message', (bytes, remote) => {
    void onMessage(bytes, `${remote.address} ${remote.port}`, (response) => {
      if (open) udp.send(response, remote.port, remote.address);
    });
  });
  const tcp: Server = createServer((socket) => {
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      held = splitMessages(Buffer.concat([held, bytes]), (message) => {
        void onMessage(message, `${socket.remoteAddress} ${socket.remotePort}`, (response) =>
          socket.write(Buffer.concat([response, Buffer.alloc(-response.length & 3)])),
        );
      });
    });
  });
  tcp.listen(port, HOST);
  await once(tcp, 'listening');
  return {
    port,
    counts,
    changeNonce: () => {
      nonce += '+';
    },
    close: () => {
      open = false;
      udp.close();
      tcp.close();
      for (const { socket } of allocations.values()) socket.close();
    },
  };
}

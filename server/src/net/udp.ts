/**
 * Pairs of UDP sockets for RTP and RTCP: an even port and the next (RFC 3550 §11), open to one host only.
 */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { StreamError } from '../core/errors.ts';

export interface UdpPair {
  /** The local ports. */
  readonly ports: readonly [rtp: number, rtcp: number];
  /** Sends to a port of the remote host; failures are left to the other side to notice. */
  send(index: 0 | 1, bytes: Buffer, port: number): void;
  /** Takes datagrams from this address too. */
  allow(address: string): void;
  close(): void;
}

export interface UdpPairOptions {
  /** IP address to bind to. */
  readonly localAddress: string;
  /** IP address that datagrams are sent to and taken from. */
  readonly remoteAddress: string;
  /** A datagram came to the RTP (0) or RTCP (1) port; the buffer is the receiver's. */
  readonly onDatagram: (index: 0 | 1, bytes: Buffer) => void;
}

const ATTEMPTS = 20;
/** A key frame at once, in packets: what the kernel is asked to hold. */
const RECEIVE_BUFFER_BYTES = 2 << 20;

/** Binds a pair. Fails with StreamError `limit` when no neighbouring ports are free. */
export async function bindUdpPair({
  localAddress,
  remoteAddress,
  onDatagram,
}: UdpPairOptions): Promise<UdpPair> {
  const remote = plainAddress(remoteAddress);
  const allowed = new Set([remote]);
  const sockets = await bindNeighbours(plainAddress(localAddress));
  for (const [index, socket] of sockets.entries()) {
    socket.on('message', (bytes, { address }) => {
      if (allowed.has(plainAddress(address))) onDatagram(index as 0 | 1, bytes);
    });
    socket.on('error', () => {});
  }
  let open = true;
  return {
    ports: [sockets[0].address().port, sockets[1].address().port],
    send(index, bytes, port) {
      if (open) sockets[index].send(bytes, port, remote);
    },
    allow: (address) => void allowed.add(plainAddress(address)),
    close() {
      if (!open) return;
      open = false;
      for (const socket of sockets) socket.close();
    },
  };
}

async function bindNeighbours(address: string): Promise<[Socket, Socket]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = await bind(address, 0);
    if (!first) continue;
    const { port } = first.address();
    const second = await bind(address, port % 2 === 0 ? port + 1 : port - 1);
    if (second) return port % 2 === 0 ? [first, second] : [second, first];
    first.close();
  }
  throw new StreamError('limit', `no pair of free UDP ports on ${address}`);
}

async function bind(address: string, port: number): Promise<Socket | undefined> {
  const family = isIPv6(address) ? 6 : 4;
  const options: SocketOptions = {
    type: family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    // Addresses only, so nothing is looked up, and send does not defer.
    lookup: (name, _options, callback) => callback(null, name, family),
  };
  const socket = createSocket(options);
  try {
    // With a synchronous lookup it listens before bind returns.
    const listening = once(socket, 'listening');
    socket.bind(port, address);
    await listening;
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}

/** IPv4 addresses are met in their IPv6 form. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** The UDP side of the one WebRTC port: a socket for all sessions, and a path to each remote address. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Datagrams, IcePath } from './ice-path.ts';
import type { Endpoint } from './stun.ts';
import { MAX_SEGMENTS, openSegmentation, type UdpSegmentation } from './udp-segmentation.ts';

const RECEIVE_BUFFER_BYTES = 1 << 20;
const SEND_BUFFER_BYTES = 4 << 20;
/** Datagrams that the kernel does not take at once wait up to this; then they are dropped, as a router would. */
const MAX_QUEUED_BYTES = 2 << 20;

/** Length of the full SRTP packets of a frame: what the kernel cuts at. */
export const SEGMENT_BYTES = 1210;

type OnDatagram = (port: UdpPort, bytes: Buffer, address: string, remotePort: number) => void;

export class UdpPort {
  readonly #socket: Socket;
  readonly #segmentation: UdpSegmentation | undefined;

  private constructor(socket: Socket, segmentation: UdpSegmentation | undefined) {
    this.#socket = socket;
    this.#segmentation = segmentation;
    segmentation?.set(SEGMENT_BYTES);
  }

  /** Binds; rejects with the system's error. */
  static async bind(
    family: 4 | 6,
    host: string | undefined,
    port: number,
    onDatagram: OnDatagram,
  ): Promise<UdpPort> {
    const socket = createSocket({
      type: `udp${family}`,
      ipv6Only: family === 6,
      lookup: lookupAddress,
    });
    const listening = once(socket, 'listening');
    socket.bind({ address: host ?? (family === 4 ? '0.0.0.0' : '::'), port, exclusive: true });
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', () => {});
    enlargeBuffers(socket);
    const bound = new UdpPort(socket, openSegmentation(family, socket.address().port));
    socket.on('message', (bytes, remote) => onDatagram(bound, bytes, remote.address, remote.port));
    return bound;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get queuedBytes(): number {
    return this.#socket.getSendQueueSize();
  }

  /** Whether several datagrams may go in one `sendSegments`. */
  get segmented(): boolean {
    return this.#segmentation !== undefined;
  }

  /** Sends one datagram, `bytes[offset, offset + length)`, copied only if the kernel does not take it now. */
  send(bytes: Buffer, offset: number, length: number, remote: Endpoint): void {
    if (length <= SEGMENT_BYTES || !this.#segmentation) this.#send(bytes, offset, length, remote);
    else if (this.#socket.getSendQueueCount() === 0) {
      this.#segmentation.set(0);
      this.#send(bytes, offset, length, remote);
      this.#segmentation.set(SEGMENT_BYTES);
    }
  }

  /** Sends datagrams that lie back to back, all of SEGMENT_BYTES but the last, which may be shorter. */
  sendSegments(
    bytes: Buffer,
    offset: number,
    length: number,
    remote: Endpoint,
    onSent?: (error: Error | null) => void,
  ): void {
    this.#send(bytes, offset, length, remote, onSent);
  }

  #send(
    bytes: Buffer,
    offset: number,
    length: number,
    { address, port }: Endpoint,
    onSent?: (error: Error | null) => void,
  ): void {
    const socket = this.#socket;
    if (socket.getSendQueueCount() === 0) {
      socket.send(bytes, offset, length, port, address, onSent);
    } else if (socket.getSendQueueSize() + length <= MAX_QUEUED_BYTES) {
      socket.send(Buffer.from(bytes.subarray(offset, offset + length)), port, address, onSent);
    }
  }

  close(): void {
    this.#segmentation?.close();
    this.#socket.close();
  }
}

export class UdpPath implements IcePath {
  readonly protocol = 'udp';
  readonly relayed = false;
  readonly remote: Endpoint;
  readonly #port: UdpPort;
  #segmented: boolean;
  /** Whether segments have been taken once. */
  #proven = false;
  closed = false;

  constructor(port: UdpPort, remote: Endpoint) {
    this.#port = port;
    this.remote = remote;
    this.#segmented = port.segmented;
  }

  get queuedBytes(): number {
    return this.#port.queuedBytes;
  }

  send(bytes: Buffer): void {
    if (!this.closed) this.#port.send(bytes, 0, bytes.length, this.remote);
  }

  sendAll({ bytes, offsets, lengths, count }: Datagrams): void {
    if (this.closed) return;
    for (let index = 0; index < count; ) {
      const offset = offsets[index]!;
      const segments = this.#segmented ? segmentsAt(index, lengths, count) : 1;
      if (segments === 1) this.#port.send(bytes, offset, lengths[index]!, this.remote);
      else {
        const last = index + segments - 1;
        const length = offsets[last]! + lengths[last]! - offset;
        this.#port.sendSegments(
          bytes,
          offset,
          length,
          this.remote,
          this.#proven ? undefined : this.#onSegmentsSent,
        );
      }
      index += segments;
    }
  }

  /** The way to this peer can't do it (IPsec, a card without checksums): from now on one by one. What was lost is asked for again. */
  readonly #onSegmentsSent = (error: Error | null): void => {
    if (error) this.#segmented = false;
    else this.#proven = true;
  };
}

/** How many datagrams from `index` on can go in one `send`: full ones, and one more that is not longer. */
function segmentsAt(index: number, lengths: readonly number[], count: number): number {
  const end = Math.min(count, index + MAX_SEGMENTS);
  let next = index;
  while (next < end && lengths[next] === SEGMENT_BYTES) next++;
  if (next < end && next > index && lengths[next]! < SEGMENT_BYTES) next++;
  return Math.max(1, next - index);
}

/**
 * Addresses here are numbers already. Answered at once, because a lookup that answers later would send lent memory
 * after it was written again.
 */
function lookupAddress(
  address: string,
  _options: unknown,
  callback: (error: Error | null, address: string, family: number) => void,
): void {
  callback(null, address, address.includes(':') ? 6 : 4);
}

/** A key frame for many viewers is a burst; the kernel may grant less. */
function enlargeBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    socket.setSendBufferSize(SEND_BUFFER_BYTES);
  } catch {
    // The defaults do.
  }
}

/**
 * Medias by UDP, a pair of ports for each (RFC 2326 §12.39): in from the camera's address only.
 *
 * A packet to each of the camera's ports opens the way through a NAT between us; receiver reports keep it open.
 */

import { bindUdpPair, type UdpPair } from '../../net/udp.ts';
import { INTERLEAVED_BYTES, packetLength, type RtpBlock } from '../../rtp/block.ts';
import type { RtpReceiver } from '../../rtp/receiver.ts';
import type { MediaTransport } from './transport.ts';
import type { Pair, Transport } from './transport-header.ts';

interface Route {
  readonly pair: UdpPair;
  serverPort: Pair | undefined;
  receiver: RtpReceiver | undefined;
}

const REPORT_INTERVAL_MS = 5000;
/** An RTP header without a payload, and a receiver report without a block. */
const PUNCH_RTP = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const PUNCH_RTCP = Buffer.from([0x80, 0xc9, 0, 1, 0, 0, 0, 0]);

export class UdpTransport implements MediaTransport {
  readonly lower = 'udp';
  readonly #localAddress: string;
  readonly #remoteAddress: string;
  readonly #onBytes: (received: number) => void;
  readonly #routes: Route[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** IP addresses of both ends of the connection. */
  constructor(localAddress: string, remoteAddress: string, onBytes: (received: number) => void) {
    this.#localAddress = localAddress;
    this.#remoteAddress = remoteAddress;
    this.#onBytes = onBytes;
  }

  async offer(index: number): Promise<Transport> {
    const route = this.#routes[index] ?? (await this.#bind(index));
    return { lower: 'udp', profile: 'RTP/AVP', multicast: false, clientPort: route.pair.ports };
  }

  accept(index: number, answered: Transport | undefined, receiver: RtpReceiver | undefined): number {
    const route = this.#routes[index]!;
    route.receiver = receiver;
    route.serverPort = answered?.serverPort;
    if (answered?.source) route.pair.allow(answered.source);
    return 0;
  }

  started(): void {
    for (const route of this.#routes) this.#punch(route);
    this.#timer ??= setInterval(() => this.#report(), REPORT_INTERVAL_MS);
  }

  send(index: number, { bytes, offsets }: RtpBlock): void {
    const { pair, serverPort } = this.#routes[index]!;
    if (!serverPort) return;
    for (const offset of offsets) {
      const start = offset + INTERLEAVED_BYTES;
      pair.send(0, bytes.subarray(start, start + packetLength(bytes, offset)), serverPort[0]);
    }
  }

  sendControl(index: number, bytes: Buffer): void {
    const { pair, serverPort } = this.#routes[index]!;
    if (serverPort) pair.send(1, bytes, serverPort[1]);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { pair } of this.#routes) pair.close();
  }

  async #bind(index: number): Promise<Route> {
    const pair = await bindUdpPair({
      localAddress: this.#localAddress,
      remoteAddress: this.#remoteAddress,
      onDatagram: (_, bytes) => {
        this.#onBytes(bytes.length);
        route.receiver?.push(bytes, 0, bytes.length, performance.now());
      },
    });
    const route: Route = { pair, serverPort: undefined, receiver: undefined };
    this.#routes[index] = route;
    if (this.#closed) pair.close();
    return route;
  }

  #punch({ pair, serverPort, receiver }: Route): void {
    if (!serverPort || !receiver) return;
    pair.send(0, PUNCH_RTP, serverPort[0]);
    pair.send(1, PUNCH_RTCP, serverPort[1]);
  }

  #report(): void {
    const nowMs = performance.now();
    for (const [index, { receiver }] of this.#routes.entries()) {
      const report = receiver?.receiverReport(nowMs);
      if (report) this.sendControl(index, report);
    }
  }
}

/**
 * How the medias of a session travel, as SETUP agrees on it: interleaved on the connection, or a pair of UDP ports each.
 *
 *   → Transport: RTP/AVP/TCP;unicast;interleaved=0-1
 *   ← Transport: RTP/AVP/TCP;unicast;interleaved=0-1
 *   → Transport: RTP/AVP;unicast;client_port=49292-49293
 *   ← Transport: RTP/AVP;unicast;client_port=49292-49293;server_port=43670-43671
 */
import { bindUdpPair, type UdpPair } from '../../net/udp.ts';
import type { SessionContext } from './server-session.ts';
import { formatTransport, type Pair, parseTransports, type Transport } from './transport-header.ts';

/** One media's way. */
export type MediaPath =
  | { readonly lower: 'tcp'; readonly channels: Pair; readonly header: string }
  | { readonly lower: 'udp'; readonly pair: UdpPair; readonly clientPorts: Pair; readonly header: string };

/** Receives what comes on a media's way: `index` 0 is RTP, 1 is RTCP. */
export type OnMediaData = (media: number, index: 0 | 1, bytes: Buffer, start: number, end: number) => void;

export class MediaPaths {
  readonly #context: SessionContext;
  readonly #onData: OnMediaData;
  readonly #paths = new Map<number, MediaPath>();
  /** Media and index by channel. */
  readonly #channels = new Map<number, readonly [media: number, index: 0 | 1]>();

  constructor(context: SessionContext, onData: OnMediaData) {
    this.#context = context;
    this.#onData = onData;
  }

  get size(): number {
    return this.#paths.size;
  }

  /** Of all medias; undefined while there is none. */
  get lower(): MediaPath['lower'] | undefined {
    return this.#paths.values().next().value?.lower;
  }

  get(media: number): MediaPath | undefined {
    return this.#paths.get(media);
  }

  /** Agrees on the way of a media, again if it had one; undefined when none of those asked for is possible: status 461. */
  async setup(media: number, asked: string): Promise<MediaPath | undefined> {
    this.#forget(media);
    const lower = this.lower;
    for (const transport of parseTransports(asked)) {
      if (transport.multicast || (lower && transport.lower !== lower)) continue;
      const path =
        transport.lower === 'tcp' ? this.#interleave(media, transport) : await this.#bind(media, transport);
      if (!path) continue;
      this.#paths.set(media, path);
      return path;
    }
    return undefined;
  }

  /** An interleaved frame; false if its channel belongs to no media. */
  frame(channel: number, bytes: Buffer, start: number, end: number): boolean {
    const owner = this.#channels.get(channel);
    if (owner) this.#onData(owner[0], owner[1], bytes, start, end);
    return owner !== undefined;
  }

  /** Sends one RTP (0) or RTCP (1) packet of a media. */
  send(media: number, index: 0 | 1, packet: Buffer): void {
    const path = this.#paths.get(media);
    if (path?.lower === 'udp') path.pair.send(index, packet, path.clientPorts[index]);
    if (path?.lower !== 'tcp') return;
    const frame = Buffer.allocUnsafe(4 + packet.length);
    frame[0] = 0x24;
    frame[1] = path.channels[index];
    frame.writeUInt16BE(packet.length, 2);
    packet.copy(frame, 4);
    this.#context.write(frame);
  }

  close(): void {
    for (const media of [...this.#paths.keys()]) this.#forget(media);
  }

  #forget(media: number): void {
    const path = this.#paths.get(media);
    if (path?.lower === 'udp') path.pair.close();
    if (path?.lower === 'tcp') for (const channel of path.channels) this.#channels.delete(channel);
    this.#paths.delete(media);
  }

  /** The channels asked for, or those of this media's number if they are not free. */
  #interleave(media: number, transport: Transport): MediaPath | undefined {
    const usual: Pair = [media * 2, media * 2 + 1];
    const free = (pair: Pair): boolean =>
      pair[0] !== pair[1] && pair.every((channel) => !this.#channels.has(channel));
    const channels = [transport.interleaved ?? usual, usual].find(free);
    if (!channels) return undefined;
    this.#channels.set(channels[0], [media, 0]);
    this.#channels.set(channels[1], [media, 1]);
    return { lower: 'tcp', channels, header: formatTransport({ ...transport, interleaved: channels }) };
  }

  async #bind(media: number, transport: Transport): Promise<MediaPath | undefined> {
    const { clientPort } = transport;
    if (!clientPort) return undefined;
    const pair = await bindUdpPair({
      localAddress: this.#context.localAddress,
      remoteAddress: this.#context.remoteAddress,
      onDatagram: (index, bytes) => this.#onData(media, index, bytes, 0, bytes.length),
    });
    const header = formatTransport({ ...transport, serverPort: pair.ports, source: undefined });
    return { lower: 'udp', pair, clientPorts: clientPort, header };
  }
}

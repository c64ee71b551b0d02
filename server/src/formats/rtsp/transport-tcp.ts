/**
 * Medias interleaved in the RTSP connection (RFC 2326 §10.12): media i asks for the channels 2i and 2i + 1.
 *
 * Cameras answer with other channels, with the same for all medias, or with none, and then use whatever they like:
 * packets on a channel that no media has go to the media of their payload type.
 */
import type { RtpBlock } from '../../rtp/block.ts';
import { INTERLEAVED_BYTES } from '../../rtp/block.ts';
import { isRtp, rtpPayloadType } from '../../rtp/packet.ts';
import type { RtpReceiver } from '../../rtp/receiver.ts';
import type { MediaTransport } from './transport.ts';
import type { Pair, Transport } from './transport-header.ts';

export class TcpTransport implements MediaTransport {
  readonly lower = 'tcp';
  readonly #send: (bytes: Buffer) => void;
  readonly #routes: (RtpReceiver | undefined)[] = new Array(256).fill(undefined);
  readonly #receivers: RtpReceiver[] = [];
  readonly #channels: Pair[] = [];

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  async offer(index: number): Promise<Transport> {
    return { lower: 'tcp', profile: 'RTP/AVP', multicast: false, interleaved: [2 * index, 2 * index + 1] };
  }

  accept(index: number, answered: Transport | undefined, receiver: RtpReceiver | undefined): number {
    const asked: Pair = [2 * index, 2 * index + 1];
    const given = answered?.interleaved ?? asked;
    const taken = this.#channels.some(([rtp]) => rtp === given[0]);
    const channels = taken ? asked : given;
    this.#channels[index] = channels;
    if (receiver) {
      this.#receivers.push(receiver);
      for (const channel of channels) this.#routes[channel] = receiver;
    }
    return channels[0];
  }

  started(): void {}

  /** One frame, lent for the call. */
  readonly receive = (channel: number, bytes: Buffer, start: number, end: number, nowMs: number): void => {
    const receiver = this.#routes[channel] ?? this.#findReceiver(channel, bytes, start, end);
    receiver?.push(bytes, start, end, nowMs);
  };

  send(_index: number, block: RtpBlock): void {
    this.#send(block.bytes);
  }

  sendControl(index: number, bytes: Buffer): void {
    const head = Buffer.from([0x24, this.#channels[index]![1], bytes.length >> 8, bytes.length & 255]);
    this.#send(Buffer.concat([head, bytes], INTERLEAVED_BYTES + bytes.length));
  }

  close(): void {}

  #findReceiver(channel: number, bytes: Buffer, start: number, end: number): RtpReceiver | undefined {
    if (!isRtp(bytes, start, end)) return undefined;
    const payloadType = rtpPayloadType(bytes, start);
    const receiver = this.#receivers.find(
      ({ format, packets }) => format.payloadType === payloadType && packets === 0,
    );
    this.#routes[channel] = receiver;
    return receiver;
  }
}

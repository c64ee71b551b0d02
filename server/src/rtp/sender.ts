/**
 * One outgoing RTP track: its sequence, timestamps, SSRC and sender reports (RFC 3550 §5.1, §6.4.1).
 *
 * All viewers of an output share it: packets are made once, and late viewers get the same ones.
 */
import { randomBytes } from 'node:crypto';
import type { Codec } from '../codecs/codec.ts';
import { StreamError } from '../core/errors.ts';
import type { Packet } from '../core/model.ts';
import { RTP_HEADER_BYTES, type RtpBlockWriter } from './block.ts';
import type { PacketSink, RtpFormat } from './payload.ts';
import { payloadFormatOf } from './payload-formats.ts';
import { SENDER_REPORT_BYTES, writeSenderReport } from './rtcp.ts';

/** RTP packet with header that passes any path to a viewer on Ethernet, and that RTSP clients are used to. */
export const DEFAULT_PACKET_SIZE = 1472;
const MINIMUM_PACKET_SIZE = 200;
const FRAGMENT_OVERHEAD = 24;
const UNIT_OVERHEAD = 1024;

export interface RtpSenderOptions {
  readonly codec: Codec;
  readonly format: RtpFormat;
  /** Where the packets go; tracks that are sent together share it. */
  readonly writer: RtpBlockWriter;
  /** Interleaved channel of RTP; RTCP has the next one. */
  readonly channel?: number;
  /** Bytes of an RTP packet, its 12-byte header included. */
  readonly packetSize?: number;
  /** Goes on where this one stands: the codec of the track changed, the viewers stayed. */
  readonly after?: RtpSender | undefined;
}

export class RtpSender implements PacketSink {
  readonly codec: Codec;
  readonly format: RtpFormat;
  readonly ssrc: number;
  readonly channel: number;
  readonly maxPayload: number;
  readonly #writer: RtpBlockWriter;
  readonly #packetize;
  readonly #timestampOffset: number;
  readonly #ticksPerTick: number;
  #sequence: number;
  #pts = 0;
  /** RTP packets and payload bytes sent, as sender reports count them. */
  packets = 0;
  octets = 0;
  /** Access units left out because the payload format can't carry them. */
  refused = 0;

  /** Fails with `unsupported` for a codec that has no RTP payload format here. */
  constructor({ codec, format, writer, channel = 0, packetSize, after }: RtpSenderOptions) {
    const payload = payloadFormatOf(codec);
    if (!payload) throw new StreamError('unsupported', `${codec.name} cannot be sent by RTP`);
    const random = randomBytes(12);
    this.codec = codec;
    this.format = format;
    this.channel = channel;
    this.maxPayload = Math.max(packetSize ?? DEFAULT_PACKET_SIZE, MINIMUM_PACKET_SIZE) - RTP_HEADER_BYTES;
    this.ssrc = after?.ssrc ?? random.readUInt32BE(0);
    this.#sequence = after?.sequence ?? random.readUInt16BE(4);
    this.#timestampOffset =
      after?.format.clockRate === format.clockRate ? after.#timestampOffset : random.readUInt32BE(8);
    this.packets = after?.packets ?? 0;
    this.octets = after?.octets ?? 0;
    this.#writer = writer;
    this.#packetize = payload.packetize;
    this.#ticksPerTick = format.clockRate / codec.timeBase;
  }

  /** Of the packet that comes next, 0–65535. */
  get sequence(): number {
    return this.#sequence;
  }

  get buffer(): Buffer {
    return this.#writer.buffer;
  }

  /** RTP timestamp (32 bits) of a time in ticks of the codec's clock. */
  timestampAt(ticks: number): number {
    const scaled = this.#ticksPerTick === 1 ? ticks : Math.round(ticks * this.#ticksPerTick);
    return (scaled + this.#timestampOffset) >>> 0;
  }

  /** Writes the RTP packets of one access unit into the block. */
  send(packet: Packet): void {
    const { length } = packet.data;
    this.#pts = packet.pts;
    this.#writer.ensure(length + Math.ceil(length / this.maxPayload) * FRAGMENT_OVERHEAD + UNIT_OVERHEAD);
    if (!this.#packetize(packet, this)) this.refused++;
  }

  add(payloadBytes: number, ticks = 0): number {
    const at = this.#writer.add(this.channel, RTP_HEADER_BYTES + payloadBytes);
    const { buffer } = this.#writer;
    buffer[at] = 0x80;
    buffer[at + 1] = this.format.payloadType;
    buffer[at + 2] = this.#sequence >> 8;
    buffer[at + 3] = this.#sequence;
    buffer.writeUInt32BE(this.timestampAt(this.#pts + ticks), at + 4);
    buffer.writeUInt32BE(this.ssrc, at + 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets++;
    this.octets += payloadBytes;
    return at + RTP_HEADER_BYTES;
  }

  mark(): void {
    this.#writer.mark();
  }

  /** A sender report (SR and SDES) that says: what was captured at `wallMs` has the timestamp of `ticks`. */
  senderReport(wallMs: number, ticks: number): Buffer {
    const report = Buffer.allocUnsafe(SENDER_REPORT_BYTES);
    writeSenderReport(report, 0, {
      ssrc: this.ssrc,
      wallMs,
      timestamp: this.timestampAt(ticks),
      packets: this.packets,
      octets: this.octets,
    });
    return report;
  }

  /** Writes that sender report into the block, on the RTCP channel. */
  addSenderReport(wallMs: number, ticks: number): void {
    const report = this.senderReport(wallMs, ticks);
    const at = this.#writer.add(this.channel + 1, report.length);
    report.copy(this.#writer.buffer, at);
  }
}

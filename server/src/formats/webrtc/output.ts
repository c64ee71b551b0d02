/**
 * The WebRTC output: each packet of a camera as RTP payloads, made once for all viewers.
 *
 *   packet ─▶ payload format ─▶ block │ head 4 │ RTP header 12 │ payload │ … ─▶ viewer: own header numbers, SRTP, send
 *
 * The header in the block has the marker and the timestamp, which is the pts in RTP ticks; sequence, SSRC and payload type
 * are each viewer's own.
 */
import type { Codec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, Chunk, Muxer, Output, Packet, Track } from '../../core/model.ts';
import { RTP_HEADER_BYTES, type RtpBlock, RtpBlockWriter } from '../../rtp/block.ts';
import type { Packetize, PacketSink } from '../../rtp/payload.ts';
import { formatOfCodec, payloadFormatOf } from '../../rtp/payload-formats.ts';
import { WallClock } from '../../rtp/wall-clock.ts';

/** RTP packet with header: with SRTP tag, TURN, UDP and IPv6 it stays below the 1280 bytes that every path takes. */
export const PACKET_BYTES = 1200;
const FRAGMENT_OVERHEAD = 24;
const UNIT_OVERHEAD = 1024;

/** One access unit, or one packet of audio. */
export interface PayloadChunk extends Chunk {
  /** Index of its track among those of the muxer. */
  readonly track: number;
  readonly block: RtpBlock;
  /** pts in ticks of the RTP clock; not wrapped. */
  readonly ticks: number;
}

/** Makes the output for a viewer that accepts this. */
export function createPayloadOutput(accepts: Accepts): Output<PayloadChunk> {
  return {
    key: 'webrtc',
    accepts,
    createMuxer: (tracks) => new PayloadMuxer(tracks),
  };
}

export class PayloadMuxer implements Muxer<PayloadChunk> {
  readonly contentType = 'application/rtp';
  readonly header: readonly Buffer[] = [];
  readonly tracks: readonly Track[];
  /** Of the camera: what sender reports tell. */
  readonly wallClock = new WallClock();
  readonly #writers: readonly PayloadWriter[];
  readonly #hasVideo: boolean;

  constructor(tracks: readonly Track[]) {
    this.tracks = tracks;
    this.#writers = tracks.map(({ codec }) => new PayloadWriter(codec));
    this.#hasVideo = tracks.some(({ codec }) => codec.kind === 'video');
  }

  /** Ticks a second of a track's timestamps. */
  clockRate(track: number): number {
    return this.#writers[track]!.clockRate;
  }

  mux(packet: Packet): PayloadChunk | undefined {
    const track = this.tracks.findIndex(({ id }) => id === packet.track.id);
    const writer = this.#writers[track];
    const block = writer?.write(packet);
    if (!writer || !block || block.offsets.length === 0) return undefined;
    const { kind, timeBase } = packet.track.codec;
    this.wallClock.observe(packet.pts / timeBase, packet.time);
    return {
      body: [block.bytes],
      bytes: block.bytes.length,
      key: this.#hasVideo ? kind === 'video' && packet.key : true,
      seconds: packet.dts / timeBase,
      packets: 1,
      track,
      block,
      ticks: writer.ticks(packet.pts),
    };
  }
}

/** Payloads of one track. */
class PayloadWriter implements PacketSink {
  readonly clockRate: number;
  readonly maxPayload = PACKET_BYTES - RTP_HEADER_BYTES;
  readonly #writer = new RtpBlockWriter();
  readonly #packetize: Packetize;
  readonly #timeBase: number;
  #pts = 0;

  constructor(codec: Codec) {
    const payload = payloadFormatOf(codec);
    const format = formatOfCodec(codec, 0);
    if (!payload || !format) throw new StreamError('unsupported', `${codec.name} cannot be sent by RTP`);
    this.clockRate = format.clockRate;
    this.#timeBase = codec.timeBase;
    this.#packetize = payload.packetize;
  }

  get buffer(): Buffer {
    return this.#writer.buffer;
  }

  ticks(pts: number): number {
    return Math.round((pts * this.clockRate) / this.#timeBase);
  }

  write(packet: Packet): RtpBlock | undefined {
    const { length } = packet.data;
    this.#pts = packet.pts;
    this.#writer.ensure(length + Math.ceil(length / this.maxPayload) * FRAGMENT_OVERHEAD + UNIT_OVERHEAD);
    const written = this.#packetize(packet, this);
    const block = this.#writer.take();
    return written ? block : undefined;
  }

  add(payloadBytes: number, ticks = 0): number {
    const at = this.#writer.add(0, RTP_HEADER_BYTES + payloadBytes);
    const { buffer } = this.#writer;
    buffer.fill(0, at, at + RTP_HEADER_BYTES);
    buffer[at] = 0x80;
    buffer.writeUInt32BE(this.ticks(this.#pts + ticks) % 2 ** 32, at + 4);
    return at + RTP_HEADER_BYTES;
  }

  mark(): void {
    this.#writer.mark();
  }
}

/**
 * What a payload format is: how one codec stands in SDP and travels in RTP, both ways.
 *
 *   SDP format ──parse──▶ Codec ──describe──▶ SDP format
 *   access unit ──packetize──▶ RTP payloads ──Depacketizer.push──▶ access unit
 *
 * One file per payload format (h264.ts after RFC 6184, aac.ts after RFC 3640 …); payload-formats.ts is the table of them.
 */
import type { Codec } from '../codecs/codec.ts';
import type { Packet } from '../core/model.ts';

/** A format of an SDP media: the number in its RTP packets, its `a=rtpmap` and `a=fmtp`. */
export interface RtpFormat {
  /** 0–127. */
  readonly payloadType: number;
  /** Encoding name, upper case: `H264`, `MPEG4-GENERIC`. */
  readonly encoding: string;
  /** Hz of the RTP timestamp. Not always the sample rate: G722 and MPA differ. */
  readonly clockRate: number;
  /** 1 where rtpmap says nothing. */
  readonly channels: number;
  /** Parameters of fmtp; names in lower case, values as they stand. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Where a packetizer puts RTP packets: implemented by RtpSender. */
export interface PacketSink {
  /** Bytes that fit behind the RTP header. */
  readonly maxPayload: number;
  /** What `add` returns an offset of; read it again after each `add`. */
  readonly buffer: Buffer;
  /** Begins a packet and returns the offset of its payload in `buffer`. `ticks`: of the codec's clock, behind the pts of the unit. */
  add(payloadBytes: number, ticks?: number): number;
  /** Sets the marker bit of the packet added last. */
  mark(): void;
}

/** Writes the RTP packets of one access unit. False: the payload format can't carry it, and nothing was written. */
export type Packetize = (packet: Packet, sink: PacketSink) => boolean;

/**
 * Receives the access units of a depacketizer. `data` is frozen and shared; `timestamp` is that of RTP (32 bits);
 * `duration` in ticks of the codec's clock, 0 where not known; `ticks`: of the codec's clock, behind `timestamp`.
 */
export type EmitUnit = (
  data: Buffer,
  timestamp: number,
  key: boolean,
  duration: number,
  ticks: number,
) => void;

/** RTP payloads in, access units out. Payloads come in order of their sequence numbers. */
export interface Depacketizer {
  /** Undefined until the parameter sets are known; another object after they changed. Current when `emit` is called. */
  readonly codec: Codec | undefined;
  /** Payloads or units that were corrupt or incomplete, and left out. */
  readonly corrupt: number;
  /** How long the sender collected what is in the packet before it sent it: ticks of the codec's clock. Left out: not at all. */
  readonly collectedTicks?: number;
  /** `bytes[start, end)` is the payload, lent for the call. */
  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void;
  /** At least one packet is missing before the next push. */
  lost(): void;
}

export interface PayloadFormat {
  /** FFmpeg's name of the codec. */
  readonly codec: Codec['name'];
  readonly kind: Codec['kind'];
  /** Encoding names of rtpmap that mean it, upper case. */
  readonly encodings: readonly string[];
  /** The codec of an SDP format. Without extradata where the parameter sets come in band. Undefined: a variant we can't carry. */
  parse(format: RtpFormat): Codec | undefined;
  /** How a codec is announced; undefined when it can't be (a sample rate the format doesn't have). */
  describe(codec: Codec, payloadType: number): RtpFormat | undefined;
  readonly packetize: Packetize;
  createDepacketizer(format: RtpFormat, emit: EmitUnit): Depacketizer;
}

/** Makes an RtpFormat; what is left out is mono without parameters. */
export function rtpFormat(
  payloadType: number,
  encoding: string,
  clockRate: number,
  {
    channels = 1,
    parameters = {},
  }: { channels?: number; parameters?: Readonly<Record<string, string>> } = {},
): RtpFormat {
  return { payloadType, encoding, clockRate, channels, parameters: new Map(Object.entries(parameters)) };
}

/**
 * One incoming RTP track: datagrams or interleaved frames in, Packets out.
 *
 *   push → [reorder] → depacketizer (one copy, into the access unit) → clock → write
 *
 * Used by the RTSP client, by clients that publish, and for microphones.
 */
import { randomBytes } from 'node:crypto';
import type { Codec } from '../codecs/codec.ts';
import { StreamError } from '../core/errors.ts';
import type { Track, WritePacket } from '../core/model.ts';
import { RTP_HEADER_BYTES } from './block.ts';
import { DecodeTime, reorderDepth } from './decode-time.ts';
import type { MediaClock, TrackClock } from './media-clock.ts';
import {
  isRtcp,
  isRtp,
  rtpMarker,
  rtpPayloadEnd,
  rtpPayloadStart,
  rtpPayloadType,
  rtpSequence,
  rtpSsrc,
  rtpTimestamp,
} from './packet.ts';
import type { Depacketizer, RtpFormat } from './payload.ts';
import { payloadFormatNamed } from './payload-formats.ts';
import { Reception } from './reception.ts';
import { ReorderBuffer, type ReorderWindow } from './reorder.ts';
import { negativeAcknowledgement, parseRtcp, pictureLossIndication, type SenderReport } from './rtcp.ts';

export interface RtpReceiverOptions {
  /** Of the tracks it makes. */
  readonly id: number;
  readonly format: RtpFormat;
  /** Shared by the tracks of a connection. */
  readonly clock: MediaClock;
  /** Packets may come out of order: UDP. */
  readonly reorder?: boolean | ReorderWindow;
  /** Packets are missing for good; the next key frame mends it. */
  readonly onLost?: (() => void) | undefined;
  readonly write: WritePacket;
}

/** Version 2 without padding, extension and CSRC. */
const PLAIN_FIRST_BYTE = 0x80;
/** More gaps than this, in more than half of the packets: a camera over TCP that does not count properly. */
const TOLERATED_GAPS = 16;

export class RtpReceiver {
  readonly id: number;
  readonly format: RtpFormat;
  /** RTP packets and bytes received, headers included. */
  packets = 0;
  bytes = 0;
  readonly #write: WritePacket;
  readonly #depacketizer: Depacketizer;
  readonly #reorder: ReorderBuffer | undefined;
  readonly #clock: TrackClock;
  /** Of what the clock counts. */
  readonly #timeBase: number;
  readonly #ownSsrc = randomBytes(4).readUInt32BE(0);
  readonly #rtcp = { senderReport: (report: SenderReport) => this.#senderReport(report) };
  #decodeTime: DecodeTime | undefined;
  /** What the depth of `#decodeTime` was read from. */
  #timedCodec: Codec | undefined;
  #track: Track | undefined;
  #nowMs = 0;
  #ssrc: number | undefined;
  #sawDeclaredType = false;
  #expected = -1;
  #gaps = 0;
  #malformed = 0;
  /** Packets in order that are not counted in `#reception` yet. */
  #run = 0;
  #reception: Reception;

  /** Fails with `unsupported` for an encoding that has no payload format here. */
  constructor({ id, format, clock, reorder, onLost, write }: RtpReceiverOptions) {
    const payload = payloadFormatNamed(format.encoding);
    const codec = payload?.parse(format);
    if (!payload || !codec)
      throw new StreamError('unsupported', `RTP of ${format.encoding} is not supported`);
    this.id = id;
    this.format = format;
    this.#write = write;
    const { kind, timeBase } = codec;
    this.#clock = clock.addTrack({ kind, timeBase, clockRate: format.clockRate });
    this.#timeBase = timeBase;
    this.#reception = new Reception(format.clockRate);
    this.#depacketizer = payload.createDepacketizer(format, (data, timestamp, key, duration, ticks) =>
      this.#unit(data, timestamp, key, duration, ticks),
    );
    const declared = this.#depacketizer.codec;
    if (declared) this.#track = { id, codec: declared };
    if (reorder) {
      const deliver = (bytes: Buffer, start: number, end: number): void => this.#deliver(bytes, start, end);
      const lost = (): void => {
        this.#depacketizer.lost();
        onLost?.();
      };
      this.#reorder = new ReorderBuffer({ deliver, lost }, reorder === true ? undefined : reorder);
    }
  }

  /** Undefined until parameter sets or the first frame have told the codec. */
  get track(): Track | undefined {
    return this.#track;
  }

  /** Packets and access units left out because they were corrupt or incomplete. */
  get corrupt(): number {
    return this.#depacketizer.corrupt + this.#malformed;
  }

  /** SSRC of the sender; undefined before its first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** The timestamp at the time of PLAY, from RTP-Info; to be told before the first packet. */
  set rtpTime(timestamp: number) {
    this.#clock.rtpTime = timestamp;
  }

  /** Takes one RTP packet, `bytes[start, end)`, lent for the call. RTCP on the same channel is recognised. `nowMs`: of `performance.now()`. */
  push(bytes: Buffer, start: number, end: number, nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#isPlainNext(bytes, start, end)) {
      this.#examine(bytes, start, end);
      return;
    }
    this.#expected = (this.#expected + 1) & 0xffff;
    this.#run++;
    this.packets++;
    this.bytes += end - start;
    const timestamp = rtpTimestamp(bytes, start);
    this.#depacketizer.push(bytes, start + RTP_HEADER_BYTES, end, timestamp, rtpMarker(bytes, start));
  }

  /** Takes a compound RTCP packet. */
  pushRtcp(bytes: Buffer, start: number, end: number, nowMs: number): void {
    this.#nowMs = nowMs;
    if (!parseRtcp(bytes, start, end, this.#rtcp)) this.#malformed++;
  }

  /** A receiver report (RR and SDES) for the sender; undefined before its first packet. */
  receiverReport(nowMs: number): Buffer | undefined {
    if (this.#ssrc === undefined) return undefined;
    this.#settleRun();
    return this.#reception.report(this.#ownSsrc, this.#ssrc, nowMs);
  }

  /** A request for a key frame (PLI); undefined before the sender's first packet. */
  keyframeRequest(): Buffer | undefined {
    return this.#ssrc === undefined ? undefined : pictureLossIndication(this.#ownSsrc, this.#ssrc);
  }

  /** A request for lost packets (NACK); undefined before the sender's first packet. */
  lossReport(sequences: readonly number[]): Buffer | undefined {
    return this.#ssrc === undefined
      ? undefined
      : negativeAcknowledgement(this.#ownSsrc, this.#ssrc, sequences);
  }

  /** Nearly every packet by TCP: the next of the same sender, and nothing in its header but the fixed 12 bytes. */
  #isPlainNext(bytes: Buffer, start: number, end: number): boolean {
    return (
      end - start > RTP_HEADER_BYTES &&
      bytes[start] === PLAIN_FIRST_BYTE &&
      (bytes[start + 1]! & 0x7f) === this.format.payloadType &&
      rtpSequence(bytes, start) === this.#expected &&
      rtpSsrc(bytes, start) === this.#ssrc
    );
  }

  /** Any other packet. */
  #examine(bytes: Buffer, start: number, end: number): void {
    if (!isRtp(bytes, start, end)) {
      this.#malformed++;
      return;
    }
    if (isRtcp(bytes, start, end)) {
      this.pushRtcp(bytes, start, end, this.#nowMs);
      return;
    }
    if (!this.#isOurs(rtpPayloadType(bytes, start))) return;
    this.packets++;
    this.bytes += end - start;
    const sequence = rtpSequence(bytes, start);
    this.#settleRun();
    this.#followSender(rtpSsrc(bytes, start), sequence);
    this.#reception.count(sequence);
    if (this.#reorder) {
      this.#reception.measureJitter(rtpTimestamp(bytes, start), this.#nowMs);
      this.#reorder.push(bytes, start, end, this.#nowMs);
      return;
    }
    this.#noticeGap(sequence);
    this.#deliver(bytes, start, end);
  }

  #settleRun(): void {
    this.#reception.countRun(this.#run);
    this.#run = 0;
  }

  /** Some cameras send another payload type than they declare: it is taken until the declared one is seen. */
  #isOurs(payloadType: number): boolean {
    const declared = payloadType === this.format.payloadType;
    if (declared || this.#run > 0) this.#sawDeclaredType = true;
    return declared || !this.#sawDeclaredType;
  }

  #followSender(ssrc: number, sequence: number): void {
    if (ssrc === this.#ssrc) return;
    const known = this.#ssrc !== undefined;
    this.#ssrc = ssrc;
    if (!known || this.#reception.follows(sequence)) return;
    this.#reorder?.reset();
    this.#depacketizer.lost();
    this.#clock.restart();
    this.#expected = -1;
    this.#reception = new Reception(this.format.clockRate);
  }

  #noticeGap(sequence: number): void {
    const gap = this.#expected >= 0 && sequence !== this.#expected;
    this.#expected = (sequence + 1) & 0xffff;
    if (!gap) return;
    this.#gaps++;
    const countsProperly = this.#gaps <= TOLERATED_GAPS || this.#gaps * 2 < this.packets;
    if (countsProperly) this.#depacketizer.lost();
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    const from = rtpPayloadStart(bytes, start, end);
    const to = rtpPayloadEnd(bytes, start, end);
    if (to < from) this.#malformed++;
    else if (to > from)
      this.#depacketizer.push(bytes, from, to, rtpTimestamp(bytes, start), rtpMarker(bytes, start));
  }

  #unit(data: Buffer, timestamp: number, key: boolean, duration: number, ticks: number): void {
    const codec = this.#depacketizer.codec;
    if (!codec) return;
    const track = this.#trackOf(codec);
    const collectedMs = ((this.#depacketizer.collectedTicks ?? 0) / codec.timeBase) * 1000;
    const counted = this.#clock.pts(timestamp, this.#nowMs - collectedMs);
    const pts =
      (codec.timeBase === this.#timeBase ? counted : rescale(counted, this.#timeBase, codec.timeBase)) +
      ticks;
    const dts = this.#decodeTime ? this.#decodeTime.next(pts) : pts;
    const time = this.#clock.wallMs() ?? Date.now();
    this.#write({ track, data, pts: Math.max(pts, dts), dts, duration, key, time });
  }

  #trackOf(codec: Codec): Track {
    if (this.#track?.codec !== codec) this.#track = { id: this.id, codec };
    if (codec !== this.#timedCodec) {
      this.#timedCodec = codec;
      if (codec.kind === 'video') this.#decodeTime ??= new DecodeTime(codec.timeBase);
      this.#decodeTime?.setDepth(reorderDepth(codec));
    }
    return this.#track;
  }

  #senderReport(report: SenderReport): void {
    if (this.#ssrc !== undefined && report.ssrc !== this.#ssrc) return;
    this.#clock.senderReport(report.wallMs, report.timestamp);
    this.#reception.senderReport(report.wallMs, this.#nowMs);
  }
}

const rescale = (ticks: number, from: number, to: number): number => Math.round((ticks * to) / from);

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
import { ReorderBuffer, sequenceDistance } from './reorder.ts';
import {
  parseRtcp,
  pictureLossIndication,
  RECEIVER_REPORT_BYTES,
  type SenderReport,
  writeReceiverReport,
} from './rtcp.ts';

export interface RtpReceiverOptions {
  /** Of the tracks it makes. */
  readonly id: number;
  readonly format: RtpFormat;
  /** Shared by the tracks of a connection. */
  readonly clock: MediaClock;
  /** Packets may come out of order: UDP. */
  readonly reorder?: boolean;
  readonly write: WritePacket;
}

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
  #statistics = { base: -1, highest: 0, received: 0, expectedPrior: 0, receivedPrior: 0 };
  #jitter = 0;
  #transit: number | undefined;
  #lastReport: { middle: number; nowMs: number } | undefined;

  /** Fails with `unsupported` for an encoding that has no payload format here. */
  constructor({ id, format, clock, reorder, write }: RtpReceiverOptions) {
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
    this.#depacketizer = payload.createDepacketizer(format, (data, timestamp, key, duration, ticks) =>
      this.#unit(data, timestamp, key, duration, ticks),
    );
    const declared = this.#depacketizer.codec;
    if (declared) this.#track = { id, codec: declared };
    if (reorder) {
      this.#reorder = new ReorderBuffer({
        deliver: (bytes, start, end) => this.#deliver(bytes, start, end),
        lost: () => this.#depacketizer.lost(),
      });
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
    if (!isRtp(bytes, start, end)) {
      this.#malformed++;
      return;
    }
    if (isRtcp(bytes, start, end)) {
      this.pushRtcp(bytes, start, end, nowMs);
      return;
    }
    if (!this.#isOurs(rtpPayloadType(bytes, start))) return;
    this.#nowMs = nowMs;
    this.packets++;
    this.bytes += end - start;
    this.#followSender(bytes, start);
    this.#count(bytes, start, nowMs);
    if (this.#reorder) {
      this.#reorder.push(bytes, start, end, nowMs);
      return;
    }
    this.#noticeGap(rtpSequence(bytes, start));
    this.#deliver(bytes, start, end);
  }

  /** Takes a compound RTCP packet. */
  pushRtcp(bytes: Buffer, start: number, end: number, nowMs: number): void {
    this.#nowMs = nowMs;
    if (!parseRtcp(bytes, start, end, this.#rtcp)) this.#malformed++;
  }

  /** A receiver report (RR and SDES) for the sender; undefined before its first packet. */
  receiverReport(nowMs: number): Buffer | undefined {
    if (this.#ssrc === undefined) return undefined;
    const statistics = this.#statistics;
    const expected = statistics.highest - statistics.base + 1;
    const interval = expected - statistics.expectedPrior;
    const lostInterval = interval - (statistics.received - statistics.receivedPrior);
    statistics.expectedPrior = expected;
    statistics.receivedPrior = statistics.received;
    const report = Buffer.allocUnsafe(RECEIVER_REPORT_BYTES);
    writeReceiverReport(report, 0, this.#ownSsrc, {
      ssrc: this.#ssrc,
      fractionLost:
        interval > 0 && lostInterval > 0 ? Math.min(255, Math.floor((lostInterval * 256) / interval)) : 0,
      lost: Math.max(0, expected - statistics.received),
      highestSequence: statistics.highest,
      jitter: Math.floor(this.#jitter),
      lastReport: this.#lastReport?.middle ?? 0,
      delay: this.#lastReport ? Math.round((nowMs - this.#lastReport.nowMs) * 65.536) : 0,
    });
    return report;
  }

  /** A request for a key frame (PLI); undefined before the sender's first packet. */
  keyframeRequest(): Buffer | undefined {
    return this.#ssrc === undefined ? undefined : pictureLossIndication(this.#ownSsrc, this.#ssrc);
  }

  /** Some cameras send another payload type than they declare: it is taken until the declared one is seen. */
  #isOurs(payloadType: number): boolean {
    if (payloadType === this.format.payloadType) this.#sawDeclaredType = true;
    return payloadType === this.format.payloadType || !this.#sawDeclaredType;
  }

  #followSender(bytes: Buffer, start: number): void {
    const ssrc = rtpSsrc(bytes, start);
    if (ssrc === this.#ssrc) return;
    const known = this.#ssrc !== undefined;
    this.#ssrc = ssrc;
    if (!known || sequenceDistance(this.#statistics.highest & 0xffff, rtpSequence(bytes, start)) === 1)
      return;
    this.#reorder?.reset();
    this.#depacketizer.lost();
    this.#clock.restart();
    this.#expected = -1;
    this.#statistics = { base: -1, highest: 0, received: 0, expectedPrior: 0, receivedPrior: 0 };
    this.#transit = undefined;
  }

  /** Statistics for receiver reports: RFC 3550 appendices A.3 and A.8. */
  #count(bytes: Buffer, start: number, nowMs: number): void {
    const statistics = this.#statistics;
    const sequence = rtpSequence(bytes, start);
    statistics.received++;
    if (statistics.base < 0) statistics.base = statistics.highest = sequence;
    else statistics.highest += Math.max(0, sequenceDistance(statistics.highest & 0xffff, sequence));
    const transit = ((nowMs * this.format.clockRate) / 1000 - rtpTimestamp(bytes, start)) % 2 ** 32;
    if (this.#transit !== undefined)
      this.#jitter +=
        (Math.min(Math.abs(transit - this.#transit), this.format.clockRate) - this.#jitter) / 16;
    this.#transit = transit;
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
    const counted = this.#clock.pts(timestamp, this.#nowMs);
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
    this.#lastReport = { middle: ntpMiddle(report.wallMs), nowMs: this.#nowMs };
  }
}

const rescale = (ticks: number, from: number, to: number): number => Math.round((ticks * to) / from);

/** The middle 32 bits of an NTP timestamp. */
function ntpMiddle(wallMs: number): number {
  return Math.round((wallMs / 1000 + 2208988800) * 65536) % 2 ** 32;
}

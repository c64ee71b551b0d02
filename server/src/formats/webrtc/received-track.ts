/**
 * One section of a description that the peer sends: whichever of its formats comes, with what was lost asked for again.
 *
 *   RTP ─┬─ of a format        ─▶ loss detector ─▶ receiver of that format ─▶ packets
 *        └─ a retransmission   ─▶ the packet that it repeats ─┘
 */
import type { Track, WritePacket } from '../../core/model.ts';
import type { MediaClock } from '../../rtp/media-clock.ts';
import { LossDetector, NACK_WINDOW_MS } from '../../rtp/nack.ts';
import { rtpPayloadType, rtpSequence, rtpSsrc } from '../../rtp/packet.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import { parseRtcp } from '../../rtp/rtcp.ts';
import { originalOf } from '../../rtp/rtx.ts';
import type { RemoteFormat } from './description.ts';

export interface ReceivedMedia {
  readonly kind: 'video' | 'audio';
  /** What the peer may send, all of it usable. */
  readonly formats: readonly RemoteFormat[];
}

export interface ReceivedTrackOptions {
  readonly id: number;
  readonly media: ReceivedMedia;
  readonly clock: MediaClock;
  readonly write: WritePacket;
  /** Packets are missing for good. */
  readonly onLost: () => void;
}

const MAX_EARLY_REPORTS = 8;
/** While a lost packet is asked for, what comes behind it waits. */
const REPAIR_WINDOW = { packets: 1500, ms: NACK_WINDOW_MS };

export class ReceivedTrack {
  readonly id: number;
  readonly kind: 'video' | 'audio';
  /** Whether a packet that decodes without an earlier one was written. */
  keySeen = false;
  readonly #options: ReceivedTrackOptions;
  readonly #losses = new LossDetector();
  readonly #byType = new Map<number, RemoteFormat>();
  readonly #byRtxType = new Map<number, RemoteFormat>();
  #receiver: RtpReceiver | undefined;
  #ssrc: number | undefined;
  /** Sender reports from before the first packet. */
  #early: Buffer[] = [];
  #corruptBefore = 0;

  constructor(options: ReceivedTrackOptions) {
    const { id, media } = options;
    this.id = id;
    this.kind = media.kind;
    this.#options = options;
    for (const format of media.formats) {
      this.#byType.set(format.payloadType, format);
      if (format.rtxPayloadType !== undefined) this.#byRtxType.set(format.rtxPayloadType, format);
    }
  }

  /** Undefined until packets have told the codec: a section that the peer does not use has no track. */
  get track(): Track | undefined {
    return this.#receiver && this.#receiver.packets > 0 ? this.#receiver.track : undefined;
  }

  /** SSRC of the sender; undefined before its first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  get corrupt(): number {
    return this.#corruptBefore + (this.#receiver?.corrupt ?? 0);
  }

  /** Packets that were lost and came when they were asked for. */
  get recovered(): number {
    return this.#losses.recovered;
  }

  /** When to call `lossReport`; undefined: nothing is missing. */
  get lossesDueMs(): number | undefined {
    return this.#losses.nextMs;
  }

  /** Takes a packet of this section; false: it is of another one. */
  push(packet: Buffer, nowMs: number): boolean {
    const type = rtpPayloadType(packet, 0);
    const format = this.#byType.get(type);
    if (format) this.#take(packet, format, nowMs);
    else {
      const repeated = this.#byRtxType.get(type);
      if (!repeated) return false;
      const { payloadType } = repeated;
      const original =
        this.#ssrc === undefined ? undefined : originalOf(packet, { ssrc: this.#ssrc, payloadType });
      if (original) this.#take(original, repeated, nowMs);
    }
    return true;
  }

  /** Takes a compound packet of the session. A sender may report before its first packet, so that this one finds its place. */
  pushRtcp(packet: Buffer, nowMs: number): void {
    if (this.#receiver) this.#receiver.pushRtcp(packet, 0, packet.length, nowMs);
    else if (reporterOf(packet) !== undefined)
      this.#early = [...this.#early, packet].slice(-MAX_EARLY_REPORTS);
  }

  receiverReport(nowMs: number): Buffer | undefined {
    return this.#receiver?.receiverReport(nowMs);
  }

  keyframeRequest(): Buffer | undefined {
    return this.kind === 'video' ? this.#receiver?.keyframeRequest() : undefined;
  }

  /** Asks for what is missing; undefined when nothing is due. */
  lossReport(nowMs: number): Buffer | undefined {
    const due = this.#losses.due(nowMs);
    return due.length > 0 ? this.#receiver?.lossReport(due) : undefined;
  }

  #take(packet: Buffer, format: RemoteFormat, nowMs: number): void {
    const ssrc = rtpSsrc(packet, 0);
    if (this.#receiver?.format !== format) {
      this.#receiver = this.#createReceiver(format);
      for (const report of this.#early.splice(0)) {
        if (reporterOf(report) === ssrc) this.#receiver.pushRtcp(report, 0, report.length, nowMs);
      }
    }
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#losses.reset();
    }
    if (format.feedback.includes('nack')) this.#losses.received(rtpSequence(packet, 0), nowMs);
    this.#receiver.push(packet, 0, packet.length, nowMs);
  }

  #createReceiver(format: RemoteFormat): RtpReceiver {
    const { id, clock, write, onLost } = this.#options;
    this.#corruptBefore = this.corrupt;
    this.#losses.reset();
    return new RtpReceiver({
      id,
      format,
      clock,
      reorder: format.feedback.includes('nack') ? REPAIR_WINDOW : true,
      onLost,
      write: (packet) => {
        this.keySeen ||= packet.key;
        write(packet);
      },
    });
  }
}

/** SSRC of the sender that reports in this compound packet; undefined if none does. */
function reporterOf(packet: Buffer): number | undefined {
  let reporter: number | undefined;
  parseRtcp(packet, 0, packet.length, {
    senderReport({ ssrc }) {
      reporter ??= ssrc;
    },
  });
  return reporter;
}

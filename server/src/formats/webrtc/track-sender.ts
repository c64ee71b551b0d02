/**
 * One outgoing track of one viewer: its sequence numbers, timestamps, retransmissions and sender reports.
 *
 *   chunk (shared) ─▶ header numbers and SRTP, up to 64 packets at a time ─▶ path
 */
import { randomBytes } from 'node:crypto';
import type { IcePath } from '../../net/ice-path.ts';
import { INTERLEAVED_BYTES, packetLength, RTP_HEADER_BYTES, type RtpBlock } from '../../rtp/block.ts';
import { SENDER_REPORT_BYTES, writeSenderReport } from '../../rtp/rtcp.ts';
import { SRTP_BATCH } from '../../rtp/srtp.ts';
import type { SrtpSender } from '../../rtp/srtp-sender.ts';
import type { PayloadChunk } from './output.ts';
import { SentLog } from './sent-log.ts';

export interface TrackSenderOptions {
  readonly ssrc: number;
  readonly srtp: SrtpSender;
  /** Of the retransmission format, where it was agreed on. */
  readonly rtx?: SrtpSender | undefined;
  /** Whether the peer reports lost packets. */
  readonly nack: boolean;
  /** Goes on where this one stands: another codec under the same SSRC. Numbers must not come twice under one key. */
  readonly after?: TrackSender | undefined;
}

/** Most of one second's packets that are sent again. */
const MAX_RETRANSMISSIONS_A_SECOND = 500;
const FULL_TIMESTAMP = 2 ** 32;

export class TrackSender {
  readonly ssrc: number;
  readonly #options: TrackSenderOptions;
  readonly #log: SentLog | undefined;
  readonly #offset: number;
  #index: number;
  #rtxIndex = randomBytes(2).readUInt16BE() >> 1;
  #packets = 0;
  #octets = 0;
  #budget = { second: -1, left: 0 };

  constructor(options: TrackSenderOptions) {
    const { after } = options;
    this.ssrc = options.ssrc;
    this.#offset = after ? after.#offset : randomBytes(4).readUInt32BE();
    this.#index = after ? after.#index : randomBytes(2).readUInt16BE() >> 1;
    this.#options = options;
    this.#log = options.nack ? new SentLog() : undefined;
  }

  /** Packets of a chunk get their numbers: to be called once for each, in order. `shift` is added to its timestamp, in ticks. */
  begin(chunk: PayloadChunk, shift = 0): Sending {
    const count = chunk.block.offsets.length;
    const sending = { chunk, firstIndex: this.#index, delta: (this.#offset + shift) | 0, next: 0 };
    this.#index += count;
    this.#packets += count;
    this.#octets += chunk.bytes - count * (INTERLEAVED_BYTES + RTP_HEADER_BYTES);
    this.#log?.add(chunk, sending.firstIndex, sending.delta);
    return sending;
  }

  /** Sends the next up to 64 packets of a chunk; true when it is sent to the end. */
  continue(sending: Sending, path: IcePath): boolean {
    const { block } = sending.chunk;
    const { next, firstIndex, delta } = sending;
    path.sendAll(this.#options.srtp.protect(block, next, firstIndex + next, delta));
    sending.next = next + SRTP_BATCH;
    return sending.next >= block.offsets.length;
  }

  /** Sends a lost packet again, if it is known yet. */
  retransmit(sequence: number, path: IcePath, nowMs: number): void {
    const lost = this.#log?.find(sequence);
    if (!lost || !this.#mayRetransmit(nowMs)) return;
    const { block } = lost.chunk;
    const from = block.offsets[lost.packet]!;
    const length = packetLength(block.bytes, from);
    const { rtx, srtp } = this.#options;
    if (rtx)
      path.sendAll(rtx.protect(rtxBlock(block, from, length, sequence), 0, this.#rtxIndex++, lost.delta));
    else {
      const bytes = block.bytes.subarray(from, from + INTERLEAVED_BYTES + length);
      path.sendAll(srtp.protect({ bytes, offsets: [0] }, 0, lost.index, lost.delta));
    }
  }

  /** SR and SDES: what was captured at `wallMs` has the timestamp of `ticks`. */
  senderReport(wallMs: number, ticks: number): Buffer {
    const report = Buffer.allocUnsafe(SENDER_REPORT_BYTES);
    const timestamp = (ticks + this.#offset) % FULL_TIMESTAMP;
    writeSenderReport(report, 0, {
      ssrc: this.ssrc,
      wallMs,
      timestamp,
      packets: this.#packets,
      octets: this.#octets,
    });
    return report;
  }

  #mayRetransmit(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (this.#budget.second !== second) this.#budget = { second, left: MAX_RETRANSMISSIONS_A_SECOND };
    return this.#budget.left-- > 0;
  }
}

/** A chunk on its way. */
export interface Sending {
  readonly chunk: PayloadChunk;
  readonly firstIndex: number;
  readonly delta: number;
  /** The first packet that is not sent yet. */
  next: number;
}

/** A packet in the form of RFC 4588 §4: its sequence number stands before the payload. */
function rtxBlock({ bytes }: RtpBlock, from: number, length: number, sequence: number): RtpBlock {
  const payload = from + INTERLEAVED_BYTES + RTP_HEADER_BYTES;
  const copy = Buffer.allocUnsafe(INTERLEAVED_BYTES + length + 2);
  bytes.copy(copy, 0, from, payload);
  copy.writeUInt16BE(length + 2, 2);
  copy.writeUInt16BE(sequence, payload - from);
  bytes.copy(copy, payload - from + 2, payload, from + INTERLEAVED_BYTES + length);
  return { bytes: copy, offsets: [0] };
}

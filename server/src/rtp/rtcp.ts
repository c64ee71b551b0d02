/**
 * RTCP: RFC 3550 §6 (reports), RFC 4585 §6 (NACK, PLI), RFC 5104 §4.3.1 (FIR), draft-alvestrand-rmcat-remb.
 *
 *   ┌ V=2 P count:5 │ type 8 │ length 16 (32-bit words - 1) ┬ ssrc … ┐┌ next packet of the compound …
 *
 *   200 SR   ssrc, NTP 64, RTP timestamp, packets, octets, then `count` report blocks
 *   201 RR   ssrc, then `count` report blocks of 24 bytes
 *   202 SDES 203 BYE
 *   205 RTPFB   ssrc, media ssrc; count 1: NACK { sequence 16, bitmask of the following 16 }…
 *   206 PSFB    ssrc, media ssrc; count 1: PLI; count 4: FIR { ssrc, counter }…; count 15: "REMB" …
 */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const FEEDBACK_NACK = 1;
const FEEDBACK_PLI = 1;
const FEEDBACK_FIR = 4;
const FEEDBACK_APPLICATION = 15;
const REMB = 0x52454d42;

const REPORT_BLOCK_BYTES = 24;
/** SSRC, then CNAME "porthole" and the end of the list, filled up to words. */
const SDES = Buffer.concat([
  Buffer.from([0x81, SOURCE_DESCRIPTION, 0, 4, 0, 0, 0, 0, 1, 8]),
  Buffer.from('porthole'),
  Buffer.alloc(2),
]);

/** Length of what `writeSenderReport` writes: SR without report blocks, and SDES. */
export const SENDER_REPORT_BYTES = 28 + SDES.length;
/** Length of what `writeReceiverReport` writes: RR with one block, and SDES. */
export const RECEIVER_REPORT_BYTES = 32 + SDES.length;

const NTP_EPOCH_SECONDS = 2208988800;

/** ms since 1970 of an NTP timestamp. Values before 1968 are of the era that begins in 2036. */
export function ntpToMs(seconds: number, fraction: number): number {
  const era = seconds < 0x80000000 ? 2 ** 32 : 0;
  return (seconds + era - NTP_EPOCH_SECONDS) * 1000 + (fraction / 2 ** 32) * 1000;
}

function writeNtp(bytes: Buffer, at: number, wallMs: number): void {
  const seconds = Math.floor(wallMs / 1000);
  bytes.writeUInt32BE((seconds + NTP_EPOCH_SECONDS) % 2 ** 32, at);
  bytes.writeUInt32BE(Math.floor((wallMs / 1000 - seconds) * 2 ** 32), at + 4);
}

export interface SenderReport {
  readonly ssrc: number;
  /** ms since 1970, of the same instant as `timestamp`. */
  readonly wallMs: number;
  /** RTP, 32 bits. */
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** Writes SR and SDES, `SENDER_REPORT_BYTES` long. */
export function writeSenderReport(bytes: Buffer, at: number, report: SenderReport): void {
  writeHead(bytes, at, 0, SENDER_REPORT, 6, report.ssrc);
  writeNtp(bytes, at + 8, report.wallMs);
  bytes.writeUInt32BE(report.timestamp, at + 16);
  bytes.writeUInt32BE(report.packets % 2 ** 32, at + 20);
  bytes.writeUInt32BE(report.octets % 2 ** 32, at + 24);
  writeSdes(bytes, at + 28, report.ssrc);
}

/** What a receiver tells of one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Share of packets lost since the last report, in 256ths. */
  readonly fractionLost: number;
  readonly lost: number;
  /** Highest sequence number received, with the count of its cycles in the high 16 bits. */
  readonly highestSequence: number;
  /** In ticks of the RTP clock. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last SR, and the delay since then in 1/65536 s; 0 if none came. */
  readonly lastReport: number;
  readonly delay: number;
}

/** Writes RR with one block and SDES, `RECEIVER_REPORT_BYTES` long. `ssrc` is the reporter's own. */
export function writeReceiverReport(bytes: Buffer, at: number, ssrc: number, block: ReportBlock): void {
  writeHead(bytes, at, 1, RECEIVER_REPORT, 7, ssrc);
  bytes.writeUInt32BE(block.ssrc, at + 8);
  bytes[at + 12] = block.fractionLost;
  bytes.writeIntBE(Math.min(block.lost, 0x7fffff), at + 13, 3);
  bytes.writeUInt32BE(block.highestSequence >>> 0, at + 16);
  bytes.writeUInt32BE(block.jitter >>> 0, at + 20);
  bytes.writeUInt32BE(block.lastReport >>> 0, at + 24);
  bytes.writeUInt32BE(block.delay >>> 0, at + 28);
  writeSdes(bytes, at + 32, ssrc);
}

/** The 12 bytes of a picture loss indication. */
export function pictureLossIndication(ssrc: number, mediaSsrc: number): Buffer {
  const bytes = Buffer.alloc(12);
  writeHead(bytes, 0, FEEDBACK_PLI, PAYLOAD_FEEDBACK, 2, ssrc);
  bytes.writeUInt32BE(mediaSsrc, 8);
  return bytes;
}

/** Asks for lost packets again: one item for each, and for those of the 16 behind it. `sequences` in order. */
export function negativeAcknowledgement(
  ssrc: number,
  mediaSsrc: number,
  sequences: readonly number[],
): Buffer {
  const items: { first: number; mask: number }[] = [];
  for (const sequence of sequences) {
    const last = items.at(-1);
    const offset = last ? (sequence - last.first) & 0xffff : 0;
    if (last && offset >= 1 && offset <= 16) last.mask |= 1 << (offset - 1);
    else items.push({ first: sequence, mask: 0 });
  }
  const bytes = Buffer.alloc(12 + 4 * items.length);
  writeHead(bytes, 0, FEEDBACK_NACK, TRANSPORT_FEEDBACK, 2 + items.length, ssrc);
  bytes.writeUInt32BE(mediaSsrc, 8);
  items.forEach(({ first, mask }, index) => {
    bytes.writeUInt16BE(first, 12 + 4 * index);
    bytes.writeUInt16BE(mask, 14 + 4 * index);
  });
  return bytes;
}

/** BYE of one source. */
export function goodbye(ssrc: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeHead(bytes, 0, 1, GOODBYE, 1, ssrc);
  return bytes;
}

function writeHead(
  bytes: Buffer,
  at: number,
  count: number,
  type: number,
  words: number,
  ssrc: number,
): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  bytes.writeUInt16BE(words, at + 2);
  bytes.writeUInt32BE(ssrc, at + 4);
}

function writeSdes(bytes: Buffer, at: number, ssrc: number): void {
  SDES.copy(bytes, at);
  bytes.writeUInt32BE(ssrc, at + 4);
}

/** What `parseRtcp` tells; all are optional. */
export interface RtcpHandlers {
  senderReport?(report: SenderReport): void;
  /** `ssrc`: the reporter. */
  receptionReport?(block: ReportBlock, ssrc: number): void;
  goodbye?(ssrc: number): void;
  /** One lost packet; called for each. */
  nack?(mediaSsrc: number, sequence: number): void;
  /** PLI or FIR: a decoder waits for a key frame. */
  keyframeRequest?(mediaSsrc: number): void;
  /** Bits a second that the receiver believes it can take. */
  maximumBitrate?(bitsPerSecond: number): void;
}

/** Reads a compound packet in `bytes[start, end)`. False when it is corrupt; what stands before the fault was told. */
export function parseRtcp(bytes: Buffer, start: number, end: number, handlers: RtcpHandlers): boolean {
  let at = start;
  while (at + 8 <= end) {
    const next = at + 4 + bytes.readUInt16BE(at + 2) * 4;
    if (bytes[at]! >> 6 !== 2 || next > end || next < at + 8) return false;
    parsePacket(bytes, at, next, handlers);
    at = next;
  }
  return at === end;
}

function parsePacket(bytes: Buffer, at: number, end: number, handlers: RtcpHandlers): void {
  const count = bytes[at]! & 0x1f;
  const ssrc = bytes.readUInt32BE(at + 4);
  switch (bytes[at + 1]) {
    case SENDER_REPORT:
      if (end < at + 28) return;
      handlers.senderReport?.({
        ssrc,
        wallMs: ntpToMs(bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)),
        timestamp: bytes.readUInt32BE(at + 16),
        packets: bytes.readUInt32BE(at + 20),
        octets: bytes.readUInt32BE(at + 24),
      });
      parseBlocks(bytes, at + 28, end, count, ssrc, handlers);
      break;
    case RECEIVER_REPORT:
      parseBlocks(bytes, at + 8, end, count, ssrc, handlers);
      break;
    case GOODBYE:
      for (let index = 0; index < count && at + 8 + index * 4 <= end; index++)
        handlers.goodbye?.(bytes.readUInt32BE(at + 4 + index * 4));
      break;
    case TRANSPORT_FEEDBACK:
      if (count === FEEDBACK_NACK && end >= at + 12) parseNack(bytes, at, end, handlers);
      break;
    case PAYLOAD_FEEDBACK:
      if (end >= at + 12) parsePayloadFeedback(bytes, at, end, count, handlers);
      break;
  }
}

function parseBlocks(
  bytes: Buffer,
  start: number,
  end: number,
  count: number,
  ssrc: number,
  { receptionReport }: RtcpHandlers,
): void {
  if (!receptionReport) return;
  for (let at = start, left = count; left > 0 && at + REPORT_BLOCK_BYTES <= end; left--) {
    receptionReport(
      {
        ssrc: bytes.readUInt32BE(at),
        fractionLost: bytes[at + 4]!,
        lost: bytes.readIntBE(at + 5, 3),
        highestSequence: bytes.readUInt32BE(at + 8),
        jitter: bytes.readUInt32BE(at + 12),
        lastReport: bytes.readUInt32BE(at + 16),
        delay: bytes.readUInt32BE(at + 20),
      },
      ssrc,
    );
    at += REPORT_BLOCK_BYTES;
  }
}

function parseNack(bytes: Buffer, at: number, end: number, { nack }: RtcpHandlers): void {
  if (!nack) return;
  const mediaSsrc = bytes.readUInt32BE(at + 8);
  for (let item = at + 12; item + 4 <= end; item += 4) {
    const first = bytes.readUInt16BE(item);
    nack(mediaSsrc, first);
    for (let mask = bytes.readUInt16BE(item + 2), offset = 1; mask; mask >>= 1, offset++)
      if (mask & 1) nack(mediaSsrc, (first + offset) & 0xffff);
  }
}

function parsePayloadFeedback(
  bytes: Buffer,
  at: number,
  end: number,
  format: number,
  handlers: RtcpHandlers,
): void {
  if (format === FEEDBACK_PLI) handlers.keyframeRequest?.(bytes.readUInt32BE(at + 8));
  if (format === FEEDBACK_FIR) {
    for (let item = at + 12; item + 8 <= end; item += 8) handlers.keyframeRequest?.(bytes.readUInt32BE(item));
  }
  if (format === FEEDBACK_APPLICATION && end >= at + 20 && bytes.readUInt32BE(at + 12) === REMB) {
    const exponent = bytes[at + 17]! >> 2;
    const mantissa = ((bytes[at + 17]! & 3) << 16) | bytes.readUInt16BE(at + 18);
    handlers.maximumBitrate?.(mantissa * 2 ** exponent);
  }
}

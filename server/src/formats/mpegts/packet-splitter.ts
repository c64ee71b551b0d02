/**
 * Bytes of any cut → transport packets.
 *
 *   garbage │ 47 … │ 47 … │ 47 … │        188 bytes apart; 192 with a timestamp before each (M2TS), 204 with parity behind each (DVB)
 *
 * In sync is who has seen three sync bytes at one of these distances (ISO 13818-1 annex G.1 leaves the number open).
 */
import { PACKET_BYTES, STRIDES, SYNC_BYTE } from './transport.ts';

const SYNCS = 3;
const TIMESTAMP_BYTES = 4;

export interface PacketSplitter {
  /** Times that sync was lost. */
  readonly losses: number;
  /** Visits each packet: 188 bytes from `at`, lent for the call. */
  push(bytes: Buffer): void;
}

/** Makes a splitter. */
export function createPacketSplitter(visit: (data: Buffer, at: number) => void): PacketSplitter {
  let pending: Buffer = Buffer.alloc(0);
  /** Distance between packets; 0: out of sync. */
  let stride = 0;
  /** Bytes still to come that belong to the packet visited last. */
  let skip = 0;
  let losses = 0;
  return {
    get losses() {
      return losses;
    },
    push(bytes) {
      const data = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
      let at = skip;
      for (;;) {
        if (stride === 0) {
          const found = findSync(data, at);
          at = found.at;
          stride = found.stride;
          if (stride === 0) break;
        }
        if (at + PACKET_BYTES > data.length) break;
        if (data[at] !== SYNC_BYTE) {
          losses++;
          stride = 0;
          continue;
        }
        visit(data, at);
        at += stride;
      }
      skip = Math.max(0, at - data.length);
      pending = at < data.length ? Buffer.from(data.subarray(at)) : Buffer.alloc(0);
    },
  };
}

/** Where packets begin, and their distance; 0: it takes more bytes than there are to say, beginning with those at `at`. */
function findSync(data: Buffer, from: number): { at: number; stride: number } {
  for (let at = data.indexOf(SYNC_BYTE, from); at >= 0; at = data.indexOf(SYNC_BYTE, at + 1)) {
    let cutShort = false;
    for (const stride of STRIDES) {
      const matches = countSyncs(data, at, stride);
      if (matches === SYNCS) return { at: isTimestamp(data, at, stride) ? at + TIMESTAMP_BYTES : at, stride };
      cutShort ||= matches === 0;
    }
    if (cutShort) return { at, stride: 0 };
  }
  return { at: Math.max(from, data.length), stride: 0 };
}

/** Whether these are the timestamps in front of M2TS packets, which may begin with 47 as well. */
function isTimestamp(data: Buffer, at: number, stride: number): boolean {
  return (
    stride === PACKET_BYTES + TIMESTAMP_BYTES && countSyncs(data, at + TIMESTAMP_BYTES, stride) === SYNCS
  );
}

/** Sync bytes in a row; 0 if the data ends before one is missed. */
function countSyncs(data: Buffer, at: number, stride: number): number {
  for (let count = 0; count < SYNCS; count++) {
    if (at + count * stride >= data.length) return 0;
    if (data[at + count * stride] !== SYNC_BYTE) return count;
  }
  return SYNCS;
}

/** Recognises a transport stream by its sync bytes: 47 at every 188th byte (or 192nd, or 204th), perhaps behind some garbage. */
import { PACKET_BYTES, STRIDES, SYNC_BYTE } from './transport.ts';

/** Pids that a stream may begin with where there are too few bytes to see a second packet: PAT, NIT, SDT. */
const FIRST_PIDS: ReadonlySet<number> = new Set([0x00, 0x10, 0x11]);
const SYNCS_AT_START = 3;
const SYNCS_BEHIND_GARBAGE = 4;

/** Whether bytes that begin like this are a transport stream. */
export function isTransportStream(head: Buffer): boolean {
  if (head.length <= PACKET_BYTES)
    return head.length >= 4 && head[0] === SYNC_BYTE && FIRST_PIDS.has(head.readUInt16BE(1) & 0x1fff);
  for (const stride of STRIDES) {
    for (let at = 0; at < stride; at++) {
      let syncs = 0;
      while (head[at + syncs * stride] === SYNC_BYTE) syncs++;
      if (syncs >= SYNCS_BEHIND_GARBAGE) return true;
      const isShort = at + syncs * stride >= head.length;
      if (at === 0 && (syncs >= SYNCS_AT_START || (isShort && syncs >= 2))) return true;
    }
  }
  return false;
}

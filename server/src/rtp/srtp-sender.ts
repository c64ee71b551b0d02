/** What protects outgoing RTP, whatever the cipher: srtp-cm.ts and srtp-gcm.ts are the two, srtp.ts chooses. */
import type { RtpBlock } from './block.ts';

/** Packets ready for the wire, back to back. Lent: the memory is written again by the next `protect` of any sender. */
export interface ProtectedPackets {
  readonly bytes: Buffer;
  /** The first `count` are valid. */
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly count: number;
}

export interface SrtpSenderOptions {
  readonly ssrc: number;
  readonly payloadType: number;
}

/** Protects the packets of one SSRC. */
export interface SrtpSender {
  /**
   * Protects up to SRTP_BATCH packets of a block, from packet `first` on. `index` is that of the first; the others
   * count on. Marker and payload are the block's, `delta` is added to its timestamps; sequence, SSRC and payload type
   * are the sender's. Packets lie back to back (a writer without `align`) and have the plain 12-byte header.
   */
  protect(block: RtpBlock, first: number, index: number, delta: number): ProtectedPackets;
}

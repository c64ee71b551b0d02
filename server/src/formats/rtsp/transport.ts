/** How the packets of a session's medias travel: interleaved in the connection (TCP), or beside it (UDP). */
import type { RtpBlock } from '../../rtp/block.ts';
import type { RtpReceiver } from '../../rtp/receiver.ts';
import type { Transport } from './transport-header.ts';

/** Medias are numbered in the order of their SETUP. */
export interface MediaTransport {
  readonly lower: 'tcp' | 'udp';
  /** What SETUP asks for. */
  offer(index: number): Promise<Transport>;
  /**
   * Takes what the camera answered (undefined: it gave no Transport header); packets go to the receiver from now on.
   * Returns the channel that packets to the camera are to be written for.
   */
  accept(index: number, answered: Transport | undefined, receiver: RtpReceiver | undefined): number;
  /** PLAY was answered. */
  started(): void;
  /** Sends RTP packets of a media to the camera. */
  send(index: number, block: RtpBlock): void;
  /** Sends one RTCP packet. */
  sendControl(index: number, bytes: Buffer): void;
  close(): void;
}

/**
 * A way to a peer: one remote address over one of our sockets, or through a relay. What ICE finds, and media takes.
 */
import type { IceProtocol } from './ice-candidate.ts';
import type { Endpoint, StunMessage } from './stun.ts';

/** Several datagrams back to back in one piece of memory; the first `count` of the lists are valid. */
export interface Datagrams {
  readonly bytes: Buffer;
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly count: number;
}

export interface IcePath {
  readonly protocol: IceProtocol;
  readonly remote: Endpoint;
  /** Whether the datagrams go through a TURN server of ours. */
  readonly relayed: boolean;
  /** Bytes given to `send` that are not on the wire yet. */
  readonly queuedBytes: number;
  readonly closed: boolean;
  /** Sends one datagram; drops it when the path is closed or jammed. `bytes` is lent for the call. */
  send(bytes: Buffer): void;
  /** The same for several; `datagrams` is lent for the call. */
  sendAll(datagrams: Datagrams): void;
}

/** A session that takes part in ICE, as the transports know it. */
export interface IceEndpoint {
  /** Ours: requests name it. */
  readonly ufrag: string;
  /** A STUN request that names our ufrag. False: it is not authentic, and nothing was done. */
  onRequest(request: StunMessage, path: IcePath): boolean;
  /** Anything else from the peer. `bytes` may be kept. */
  onDatagram(bytes: Buffer, path: IcePath): void;
  onPathClosed(path: IcePath): void;
}

/** What viewing and publishing sessions have in common, and what they are given. */

import type { Peer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import type { AnsweredMedia } from './answer.ts';
import type { Description } from './description.ts';
import type { MediaTransport, TransportOptions } from './transport.ts';

/** One WebRTC session, as signalling knows it. */
export interface WebrtcSession {
  /** Random; nobody guesses it. */
  readonly id: string;
  readonly peer: Peer;
  /** The answer. */
  readonly sdp: string;
  /** Whether media has begun to flow; stays true. */
  readonly connected: boolean;
  /** Resolves when the session is over, for whatever reason. */
  readonly ended: Promise<void>;
  addCandidate(candidate: Candidate): void;
  close(): void;
}

/** What a peer may do. */
export interface PeerRights {
  /** An offer that sends video does not make it a publisher. */
  readonly viewsOnly?: boolean | undefined;
  /** Its microphone is heard; default true. */
  readonly mayTalk?: boolean | undefined;
  /** Ends its session whenever it aborts. */
  readonly until?: AbortSignal | undefined;
}

/** What a side of a session (viewer or publisher) is made of. */
export interface SessionContext {
  readonly stream: Stream;
  readonly offer: Description;
  readonly peer: Peer;
  /** The microphone of a viewer is heard. */
  readonly mayTalk: boolean;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Makes the transport; once. */
  connect(handlers: Pick<TransportOptions, 'onConnected' | 'onRtp' | 'onRtcp'>): MediaTransport;
  /** Ends the session. */
  end(reason?: Error): void;
}

/** A viewer or a publisher. */
export interface SessionSide {
  readonly medias: readonly AnsweredMedia[];
  readonly transport: MediaTransport;
  /** The session is over. */
  close(reason?: Error): void;
}

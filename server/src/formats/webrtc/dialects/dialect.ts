/** What a dialect is: how one product exchanges descriptions with who wants its picture. One file each; table in ../dialects.ts. */
import type { SourceOptions } from '../../source-text.ts';
import type { WebrtcClient } from '../client.ts';

/** A session that wants to be connected. */
export interface Call {
  /** Of the peer, without `webrtc:`; holds credentials. */
  readonly url: string;
  readonly options: SourceOptions;
  readonly client: WebrtcClient;
  /** For each step that waits for the peer. */
  readonly timeoutMs: number;
  /** Aborted when the session is over, for whatever reason: connections to the signalling end with it. */
  readonly signal: AbortSignal;
}

/** What is left to do when descriptions are exchanged. */
export interface Signaling {
  /** Media flows. */
  connected?(): void;
  /** The session is over: tells the peer, where its protocol has a word for that. Never rejects. */
  hangUp?(): Promise<void>;
}

/** Resolves when both descriptions are known. Rejects with StreamError. */
export type Exchange = (call: Call) => Promise<Signaling>;

export interface Dialect {
  /** How it is signalled, as the API shows it. */
  readonly protocol: 'http' | 'ws';
  /** Whether the offer is ours. */
  readonly offers: boolean;
  /** What we ask for; `talk`: its loudspeaker. Of no meaning where the peer offers. */
  readonly wants: readonly ('video' | 'audio' | 'talk')[];
  readonly exchange: Exchange;
}

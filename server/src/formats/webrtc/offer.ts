/**
 * The SDP offer (RFC 8829 §5.2): what we want to receive or to send, all sections on one transport.
 *
 *   a=group:BUNDLE 0 1 2
 *   m=video 9 UDP/TLS/RTP/SAVPF 96 97 …      every profile that we know, each with its retransmissions
 *   a=setup:actpass  a=recvonly  a=candidate:…
 *   m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8      a=recvonly
 *   m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8      a=sendonly    the camera's loudspeaker
 */
import type { IceCredentials } from '../../net/ice-agent.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import type { RemoteFormat } from './description.ts';
import { candidateLines, sectionLines, sessionLines } from './section-lines.ts';

/** A section of our offer. */
export interface OfferedMedia {
  readonly kind: 'video' | 'audio';
  /** In order of preference. */
  readonly formats: readonly RemoteFormat[];
  readonly sends: boolean;
  readonly receives: boolean;
  /** Of what we send. */
  readonly ssrc?: number | undefined;
  readonly rtxSsrc?: number | undefined;
}

export interface OfferFields {
  readonly medias: readonly OfferedMedia[];
  readonly ice: IceCredentials;
  /** SHA-256 of our certificate. */
  readonly fingerprint: string;
  readonly candidates: readonly Candidate[];
  /** No candidates follow. */
  readonly complete: boolean;
}

const PROTOCOL = 'UDP/TLS/RTP/SAVPF';
const FEEDBACK: ReadonlySet<string> = new Set(['nack', 'nack pli', 'ccm fir', 'goog-remb']);

/** Writes the offer; the sections have their index as mid. */
export function formatOffer({ medias, ice, fingerprint, candidates, complete }: OfferFields): string {
  const transport = { ice, fingerprint, setup: 'actpass', feedback: () => FEEDBACK } as const;
  const lines = sessionLines(
    ice,
    medias.map((_, index) => String(index)),
  );
  for (const [index, media] of medias.entries()) {
    lines.push(...sectionLines({ ...media, protocol: PROTOCOL, mid: String(index) }, transport));
    if (index === 0) lines.push(...candidateLines(candidates, complete));
  }
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * The SDP answer (RFC 8829 §5.3): one section for each of the offer, all on one transport.
 *
 *   a=group:BUNDLE 0 1
 *   m=video 9 UDP/TLS/RTP/SAVPF 96 97        a format per track, and that of its retransmissions
 *   a=sendonly  a=ssrc:…  a=candidate:…      candidates stand in the first section only
 *   m=audio 9 UDP/TLS/RTP/SAVPF 111
 *   a=inactive                               nothing of the camera fits
 *   m=application 0 UDP/DTLS/SCTP …          refused
 */
import type { IceCredentials } from '../../net/ice-agent.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import type { Description, RemoteFormat, RemoteMedia } from './description.ts';
import { candidateLines, type Section, sectionLines, sessionLines } from './section-lines.ts';

/** What we do with a section of the offer. Sections without one are inactive or refused. */
export interface AnsweredMedia {
  readonly media: RemoteMedia;
  /** In order of preference: the peer sends the first. */
  readonly formats: readonly RemoteFormat[];
  readonly sends: boolean;
  readonly receives: boolean;
  /** Of what we send. */
  readonly ssrc?: number | undefined;
  readonly rtxSsrc?: number | undefined;
}

export interface AnswerFields {
  readonly offer: Description;
  readonly medias: readonly AnsweredMedia[];
  readonly ice: IceCredentials;
  /** SHA-256 of our certificate. */
  readonly fingerprint: string;
  /** Empty when they follow by other ways. */
  readonly candidates: readonly Candidate[];
  /** No candidates follow. */
  readonly complete: boolean;
}

/** Feedback that we act on. */
const FEEDBACK: ReadonlySet<string> = new Set(['nack', 'nack pli', 'ccm fir']);
/** What we say to a peer that sends: what is missing, and how much it may send. */
const RECEIVING_FEEDBACK: ReadonlySet<string> = new Set([...FEEDBACK, 'goog-remb']);

/** Writes the answer. */
export function formatAnswer(fields: AnswerFields): string {
  const { offer, medias, ice, fingerprint, candidates, complete } = fields;
  const sections = offer.medias.map(
    (media) => medias.find((answered) => answered.media === media) ?? idle(media, offer),
  );
  const isRefused = (section: AnsweredMedia): boolean => section.formats.length === 0;
  const bundled = sections
    .filter((section) => !isRefused(section) && offer.bundle.includes(section.media.mid))
    .map(({ media }) => media.mid);
  const transport = {
    ice,
    fingerprint,
    setup: offer.dtlsServer ? 'active' : 'passive',
    feedback: ({ sends }: Section) => (sends ? FEEDBACK : RECEIVING_FEEDBACK),
  } as const;
  const lines = sessionLines(ice, bundled);
  let hasTransport = false;
  for (const section of sections) {
    if (isRefused(section)) lines.push(...refusedLines(section.media));
    else {
      const { kind, protocol, mid } = section.media;
      lines.push(...sectionLines({ ...section, kind, protocol, mid }, transport));
      if (!hasTransport) lines.push(...candidateLines(candidates, complete));
      hasTransport = true;
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A section that carries nothing: it stays, with one format of the offer; what is no media is refused. */
function idle(media: RemoteMedia, { bundle }: Description): AnsweredMedia {
  const usable =
    !media.rejected && bundle.includes(media.mid) && (media.kind === 'video' || media.kind === 'audio');
  return { media, formats: usable ? media.formats.slice(0, 1) : [], sends: false, receives: false };
}

function refusedLines({ kind, protocol, mid, formats }: RemoteMedia): string[] {
  const format = kind === 'application' ? 'webrtc-datachannel' : (formats[0]?.payloadType ?? 0);
  return [`m=${kind} 0 ${protocol} ${format}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=inactive'];
}

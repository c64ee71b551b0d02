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
import { type Candidate, formatCandidate } from '../../net/ice-candidate.ts';
import type { Description, RemoteFormat, RemoteMedia } from './description.ts';

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

const NAME = 'porthole';
const PORT = 9;
/** Feedback that we act on. */
const FEEDBACK: ReadonlySet<string> = new Set(['nack', 'nack pli', 'ccm fir']);
/** What we say to a peer that publishes: what is missing, and how much it may send. */
const PUBLISHING_FEEDBACK: ReadonlySet<string> = new Set(['nack', 'nack pli', 'ccm fir', 'goog-remb']);

/** Writes the answer. */
export function formatAnswer(fields: AnswerFields): string {
  const { offer, medias } = fields;
  const sections = offer.medias.map(
    (media) => medias.find((answered) => answered.media === media) ?? idle(media, offer),
  );
  const isRefused = (section: AnsweredMedia): boolean => section.formats.length === 0;
  const bundled = sections.filter(
    (section) => !isRefused(section) && offer.bundle.includes(section.media.mid),
  );
  const lines = ['v=0', `o=- ${sessionId(fields.ice)} 1 IN IP4 0.0.0.0`, 's=-', 't=0 0'];
  if (bundled.length > 0) lines.push(`a=group:BUNDLE ${bundled.map(({ media }) => media.mid).join(' ')}`);
  lines.push('a=msid-semantic:WMS *');
  let hasTransport = false;
  for (const section of sections) {
    if (isRefused(section)) lines.push(...refusedLines(section.media));
    else {
      lines.push(...mediaLines(section, fields));
      if (!hasTransport) lines.push(...candidateLines(fields));
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

function mediaLines(section: AnsweredMedia, { offer, ice, fingerprint }: AnswerFields): string[] {
  const { media, formats, sends, receives, ssrc, rtxSsrc } = section;
  const withRtx = rtxSsrc !== undefined || (receives && !sends);
  const types = formats.flatMap(({ payloadType, rtxPayloadType }) =>
    withRtx && rtxPayloadType !== undefined ? [payloadType, rtxPayloadType] : [payloadType],
  );
  const lines = [
    `m=${media.kind} ${PORT} ${media.protocol} ${types.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${media.mid}`,
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=setup:${offer.dtlsServer ? 'active' : 'passive'}`,
    `a=${directionOf(sends, receives)}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
  ];
  for (const format of formats) lines.push(...formatLines(format, sends, withRtx));
  if (sends && ssrc !== undefined) {
    lines.push(`a=msid:${NAME} ${NAME}-${media.kind}`);
    if (rtxSsrc !== undefined) lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
    for (const source of [ssrc, rtxSsrc])
      if (source !== undefined)
        lines.push(`a=ssrc:${source} cname:${NAME}`, `a=ssrc:${source} msid:${NAME} ${NAME}-${media.kind}`);
  }
  return lines;
}

function formatLines(format: RemoteFormat, sends: boolean, withRtx: boolean): string[] {
  const { payloadType, encoding, clockRate, channels, fmtp, feedback, rtxPayloadType } = format;
  const name = encoding === 'OPUS' ? 'opus' : encoding;
  const lines = [`a=rtpmap:${payloadType} ${name}/${clockRate}${channels > 1 ? `/${channels}` : ''}`];
  if (fmtp) lines.push(`a=fmtp:${payloadType} ${fmtp}`);
  const wanted = sends ? FEEDBACK : PUBLISHING_FEEDBACK;
  for (const kind of new Set(feedback)) if (wanted.has(kind)) lines.push(`a=rtcp-fb:${payloadType} ${kind}`);
  if (withRtx && rtxPayloadType !== undefined)
    lines.push(`a=rtpmap:${rtxPayloadType} rtx/${clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`);
  return lines;
}

function candidateLines({ candidates, complete }: AnswerFields): string[] {
  const lines = candidates.map((candidate) => `a=${formatCandidate(candidate)}`);
  return complete ? [...lines, 'a=end-of-candidates'] : lines;
}

function directionOf(sends: boolean, receives: boolean): string {
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
}

/** A number of up to 63 bits that nobody else has. */
const sessionId = ({ ufrag }: IceCredentials): bigint => Buffer.from(ufrag.padEnd(8)).readBigUInt64BE() >> 1n;

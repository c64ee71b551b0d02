/** The lines of one section of a description that we write, offer or answer (RFC 8829 §5.2, §5.3). */
import type { IceCredentials } from '../../net/ice-agent.ts';
import { type Candidate, formatCandidate } from '../../net/ice-candidate.ts';
import type { RemoteFormat } from './description.ts';

export interface Section {
  /** `video`, `audio`. */
  readonly kind: string;
  /** Of the m-line. */
  readonly protocol: string;
  readonly mid: string;
  /** In order of preference: who receives them sends the first. */
  readonly formats: readonly RemoteFormat[];
  /** What we do. */
  readonly sends: boolean;
  readonly receives: boolean;
  /** Of what we send. */
  readonly ssrc?: number | undefined;
  readonly rtxSsrc?: number | undefined;
}

/** What all sections of a description have in common: they are one transport. */
export interface TransportFields {
  readonly ice: IceCredentials;
  /** SHA-256 of our certificate. */
  readonly fingerprint: string;
  /** Of DTLS. */
  readonly setup: 'actpass' | 'active' | 'passive';
  /** Feedback that is announced for formats that have it. */
  readonly feedback: (section: Section) => ReadonlySet<string>;
}

const NAME = 'porthole';
const PORT = 9;

/** The first lines of a description. */
export function sessionLines(ice: IceCredentials, bundled: readonly string[]): string[] {
  const lines = ['v=0', `o=- ${sessionId(ice)} 1 IN IP4 0.0.0.0`, 's=-', 't=0 0'];
  if (bundled.length > 0) lines.push(`a=group:BUNDLE ${bundled.join(' ')}`);
  lines.push('a=msid-semantic:WMS *');
  return lines;
}

/** A section with its formats, direction and transport; without candidates. */
export function sectionLines(section: Section, transport: TransportFields): string[] {
  const { kind, protocol, mid, formats, sends, receives, ssrc, rtxSsrc } = section;
  const withRtx = rtxSsrc !== undefined || (receives && !sends);
  const types = formats.flatMap(({ payloadType, rtxPayloadType }) =>
    withRtx && rtxPayloadType !== undefined ? [payloadType, rtxPayloadType] : [payloadType],
  );
  const lines = [
    `m=${kind} ${PORT} ${protocol} ${types.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=ice-ufrag:${transport.ice.ufrag}`,
    `a=ice-pwd:${transport.ice.password}`,
    `a=fingerprint:sha-256 ${transport.fingerprint}`,
    `a=setup:${transport.setup}`,
    `a=${directionOf(sends, receives)}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
  ];
  for (const format of formats) lines.push(...formatLines(format, transport.feedback(section), withRtx));
  if (sends && ssrc !== undefined) {
    lines.push(`a=msid:${NAME} ${NAME}-${kind}`);
    if (rtxSsrc !== undefined) lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
    for (const source of [ssrc, rtxSsrc])
      if (source !== undefined)
        lines.push(`a=ssrc:${source} cname:${NAME}`, `a=ssrc:${source} msid:${NAME} ${NAME}-${kind}`);
  }
  return lines;
}

function formatLines(format: RemoteFormat, wanted: ReadonlySet<string>, withRtx: boolean): string[] {
  const { payloadType, encoding, clockRate, channels, fmtp, feedback, rtxPayloadType } = format;
  const name = encoding === 'OPUS' ? 'opus' : encoding;
  const lines = [`a=rtpmap:${payloadType} ${name}/${clockRate}${channels > 1 ? `/${channels}` : ''}`];
  if (fmtp) lines.push(`a=fmtp:${payloadType} ${fmtp}`);
  for (const kind of new Set(feedback)) if (wanted.has(kind)) lines.push(`a=rtcp-fb:${payloadType} ${kind}`);
  if (withRtx && rtxPayloadType !== undefined)
    lines.push(`a=rtpmap:${rtxPayloadType} rtx/${clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`);
  return lines;
}

/** Candidates of the transport; `complete`: no more will follow. */
export function candidateLines(candidates: readonly Candidate[], complete: boolean): string[] {
  const lines = candidates.map((candidate) => `a=${formatCandidate(candidate)}`);
  return complete ? [...lines, 'a=end-of-candidates'] : lines;
}

function directionOf(sends: boolean, receives: boolean): string {
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
}

/** A number of up to 63 bits that nobody else has. */
const sessionId = ({ ufrag }: IceCredentials): bigint => Buffer.from(ufrag.padEnd(8)).readBigUInt64BE() >> 1n;

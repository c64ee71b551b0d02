/**
 * An SDP offer of a WebRTC peer (RFC 8829, RFC 8843 BUNDLE, RFC 8839 ICE, RFC 8122 fingerprints), as far as we use it.
 *
 *   v=0 …
 *   a=group:BUNDLE 0 1
 *   m=video 9 UDP/TLS/RTP/SAVPF 96 97
 *   a=mid:0
 *   a=ice-ufrag:… a=ice-pwd:… a=fingerprint:sha-256 … a=setup:actpass
 *   a=recvonly
 *   a=rtpmap:96 H264/90000   a=fmtp:96 packetization-mode=1;profile-level-id=42e01f   a=rtcp-fb:96 nack
 *   a=rtpmap:97 rtx/90000    a=fmtp:97 apt=96
 */
import { StreamError } from '../../core/errors.ts';
import type { Fingerprint } from '../../net/dtls/certificate.ts';
import type { IceCredentials } from '../../net/ice-agent.ts';
import { type Candidate, parseCandidate } from '../../net/ice-candidate.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { parseSdp } from '../../rtp/sdp.ts';

export interface RemoteFormat extends RtpFormat {
  /** `nack`, `nack pli`, `ccm fir` … */
  readonly feedback: readonly string[];
  /** Payload type of its retransmissions (RFC 4588). */
  readonly rtxPayloadType: number | undefined;
  /** Parameters as the peer wrote them. */
  readonly fmtp: string;
}

export interface RemoteMedia {
  /** `video`, `audio`, `application` … */
  readonly kind: string;
  /** Protocol of the m-line, to be repeated. */
  readonly protocol: string;
  readonly mid: string;
  /** Rejected by the peer itself. */
  readonly rejected: boolean;
  /** Whether the peer wants to receive, and whether it sends. */
  readonly receives: boolean;
  readonly sends: boolean;
  /** Without retransmission and redundancy formats; in order of preference. */
  readonly formats: readonly RemoteFormat[];
}

export interface Description {
  readonly medias: readonly RemoteMedia[];
  /** Media identifications in the BUNDLE group; empty when the peer does not bundle. */
  readonly bundle: readonly string[];
  readonly ice: IceCredentials;
  readonly iceLite: boolean;
  readonly fingerprints: readonly Fingerprint[];
  /** Whether the peer insists on being the DTLS server. */
  readonly dtlsServer: boolean;
  readonly candidates: readonly Candidate[];
}

const MAX_LENGTH = 256 << 10;
const MAX_MEDIAS = 16;
const MAX_CANDIDATES = 64;
const MAX_FINGERPRINTS = 8;
const AUXILIARY: ReadonlySet<string> = new Set([
  'RTX',
  'RED',
  'ULPFEC',
  'FLEXFEC-03',
  'FLEXFEC',
  'CN',
  'TELEPHONE-EVENT',
]);

type Attributes = readonly (readonly [name: string, value: string])[];

/** Reads an offer. Throws StreamError `invalid` for what is none, or lacks what WebRTC needs. */
export function parseDescription(text: string): Description {
  if (text.length > MAX_LENGTH) throw new StreamError('invalid', 'sdp: too long');
  if (!/^v=0\s/.test(text.trimStart()))
    throw new StreamError('invalid', 'sdp: syntax error: it does not begin with v=0');
  const [session = [], ...sections] = splitSections(text);
  if (sections.length === 0) throw new StreamError('invalid', 'sdp: no media');
  if (sections.length > MAX_MEDIAS) throw new StreamError('invalid', 'sdp: too many media');
  const { medias } = parseSdp(text);
  const all: Attributes = [...session, ...sections.flat()].map(attribute);
  const ufrag = first(all, 'ice-ufrag');
  const password = first(all, 'ice-pwd');
  const fingerprints = values(all, 'fingerprint').map(fingerprint);
  if (!ufrag || !password) throw new StreamError('invalid', 'sdp: no ICE credentials');
  if (fingerprints.length === 0) throw new StreamError('invalid', 'sdp: no DTLS fingerprint');
  const bundle = values(session.map(attribute), 'group').find((group) => group.startsWith('BUNDLE'));
  return {
    medias: sections.map((lines, index) => remoteMedia(lines, session, medias[index]?.formats ?? [], index)),
    bundle: bundle?.split(/\s+/).slice(1) ?? [],
    ice: { ufrag, password },
    iceLite: all.some(([name]) => name === 'ice-lite'),
    fingerprints: fingerprints.slice(0, MAX_FINGERPRINTS),
    dtlsServer: first(all, 'setup') === 'passive',
    candidates: values(all, 'candidate')
      .slice(0, MAX_CANDIDATES)
      .flatMap((value) => parseCandidate(value) ?? []),
  };
}

function splitSections(text: string): string[][] {
  const sections: string[][] = [[]];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.startsWith('m=')) sections.push([line]);
    else if (line) sections.at(-1)!.push(line);
  }
  return sections;
}

function remoteMedia(
  lines: readonly string[],
  session: readonly string[],
  formats: readonly RtpFormat[],
  index: number,
): RemoteMedia {
  const attributes = lines.map(attribute);
  const [kind = '', port = '', protocol = ''] = lines[0]!.slice(2).trim().split(/\s+/);
  const direction = directionOf(attributes) ?? directionOf(session.map(attribute)) ?? 'sendrecv';
  const own = (name: string, payloadType: number): string[] =>
    values(attributes, name).flatMap((value) => {
      const [number, ...rest] = value.split(' ');
      return number === String(payloadType) || number === '*' ? [rest.join(' ').trim()] : [];
    });
  const rtxOf = (payloadType: number): number | undefined =>
    formats.find(
      ({ encoding, parameters }) => encoding === 'RTX' && parameters.get('apt') === String(payloadType),
    )?.payloadType;
  return {
    kind: kind.toLowerCase(),
    protocol,
    mid: first(attributes, 'mid') ?? String(index),
    rejected: port === '0' && !attributes.some(([name]) => name === 'bundle-only'),
    receives: direction === 'sendrecv' || direction === 'recvonly',
    sends: direction === 'sendrecv' || direction === 'sendonly',
    formats: formats
      .filter(({ encoding }) => !AUXILIARY.has(encoding))
      .map((format) => ({
        ...format,
        feedback: own('rtcp-fb', format.payloadType),
        rtxPayloadType: rtxOf(format.payloadType),
        fmtp: own('fmtp', format.payloadType)[0] ?? '',
      })),
  };
}

function attribute(line: string): readonly [name: string, value: string] {
  if (!line.startsWith('a=')) return ['', ''];
  const colon = line.indexOf(':');
  return colon < 0 ? [line.slice(2).trim(), ''] : [line.slice(2, colon), line.slice(colon + 1).trim()];
}

const values = (attributes: Attributes, name: string): string[] =>
  attributes.flatMap(([candidate, value]) => (candidate === name ? [value] : []));
const first = (attributes: Attributes, name: string): string | undefined => values(attributes, name)[0];

const DIRECTIONS: ReadonlySet<string> = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
const directionOf = (attributes: Attributes): string | undefined =>
  attributes.find(([name]) => DIRECTIONS.has(name))?.[0];

function fingerprint(value: string): Fingerprint {
  const [algorithm = '', hex = ''] = value.split(/\s+/);
  return { algorithm, value: hex };
}

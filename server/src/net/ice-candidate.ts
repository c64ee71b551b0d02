/**
 * ICE candidates: addresses where a peer may be reached (RFC 8839 §5.1, RFC 6544 §4.5).
 *
 *   candidate:2070692838 1 udp 2130706431 192.0.2.2 8555 typ host
 *             └foundation  └priority      └address       └[raddr rport] [tcptype passive] [ufrag …]
 */
import { isIP } from 'node:net';
import { crc32 } from 'node:zlib';

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';
export type IceProtocol = 'udp' | 'tcp';

export interface Candidate {
  readonly foundation: string;
  readonly component: number;
  readonly protocol: IceProtocol;
  readonly priority: number;
  /** IP address, or a name (`….local` of a browser that hides its address). */
  readonly address: string;
  readonly port: number;
  readonly type: CandidateType;
  readonly relatedAddress?: string | undefined;
  readonly relatedPort?: number | undefined;
  readonly tcpType?: 'active' | 'passive' | 'so' | undefined;
  readonly ufrag?: string | undefined;
}

/** RFC 8445 §5.1.2.2. Peer-reflexive is above server-reflexive, relays come last. */
const TYPE_PREFERENCE: Readonly<Record<CandidateType, number>> = {
  host: 126,
  prflx: 110,
  srflx: 100,
  relay: 0,
};
/** TCP below UDP of the same type, above what is further away. */
const TCP_PENALTY = 27;
const MAX_LENGTH = 512;
const FORM =
  /^(?:a=)?(?:candidate:)?([\w+/]{1,32}) (\d{1,3}) (udp|tcp) (\d{1,10}) (\S{1,255}) (\d{1,5}) typ (host|srflx|prflx|relay)((?: \S+ \S*)*)\s*$/i;

/** Reads a candidate, with or without `a=` and `candidate:`; undefined if it is none, or of a kind that we can't use. */
export function parseCandidate(text: string): Candidate | undefined {
  const [, foundation, component, protocol, priority, address, port, type, rest] =
    text.length <= MAX_LENGTH ? (FORM.exec(text.trim()) ?? []) : [];
  if (!foundation || !address || Number(port) > 65535 || Number(priority) > 0xffffffff) return undefined;
  const words = rest!.trim().split(' ');
  const extension = (name: string): string | undefined => {
    for (let index = 0; index + 1 < words.length; index += 2)
      if (words[index] === name) return words[index + 1];
    return undefined;
  };
  const relatedPort = extension('rport');
  return {
    foundation,
    component: Number(component),
    protocol: protocol!.toLowerCase() as IceProtocol,
    priority: Number(priority),
    address,
    port: Number(port),
    type: type!.toLowerCase() as CandidateType,
    relatedAddress: extension('raddr'),
    relatedPort: relatedPort === undefined ? undefined : Number(relatedPort),
    tcpType: extension('tcptype') as Candidate['tcpType'],
    ufrag: extension('ufrag'),
  };
}

/** The candidate as text, without `a=`. */
export function formatCandidate(candidate: Candidate): string {
  const { foundation, component, protocol, priority, address, port, type } = candidate;
  let text = `candidate:${foundation} ${component} ${protocol} ${priority} ${address} ${port} typ ${type}`;
  if (candidate.relatedAddress)
    text += ` raddr ${candidate.relatedAddress} rport ${candidate.relatedPort ?? 0}`;
  if (candidate.tcpType) text += ` tcptype ${candidate.tcpType}`;
  if (candidate.ufrag) text += ` ufrag ${candidate.ufrag}`;
  return text;
}

/** One of our own candidates; `order` counts addresses, the best first. TCP is passive: the peer connects. */
export function localCandidate(fields: {
  readonly protocol: IceProtocol;
  readonly type: CandidateType;
  readonly address: string;
  readonly port: number;
  readonly order: number;
  readonly ufrag: string;
  /** The address that it stands for. */
  readonly base?: { readonly address: string; readonly port: number };
}): Candidate {
  const { protocol, type, address, port, order, ufrag, base } = fields;
  return {
    foundation: String(crc32(`${type} ${protocol} ${base?.address ?? address}`)),
    component: 1,
    protocol,
    priority: candidatePriority(protocol, type, order),
    address,
    port,
    type,
    relatedAddress: base?.address,
    relatedPort: base?.port,
    tcpType: protocol === 'tcp' ? 'passive' : undefined,
    ufrag,
  };
}

/** Priority of a candidate of component 1 (RFC 8445 §5.1.2.1). */
export function candidatePriority(protocol: IceProtocol, type: CandidateType, order: number): number {
  const preference = Math.max(0, TYPE_PREFERENCE[type] - (protocol === 'tcp' ? TCP_PENALTY : 0));
  return preference * 2 ** 24 + (65535 - order) * 2 ** 8 + 255;
}

/** Priority of a pair (RFC 8445 §6.1.2.3); beyond 2^53 it is not exact, which comparing does not need. */
export function pairPriority(controlling: number, controlled: number): number {
  const low = Math.min(controlling, controlled);
  const high = Math.max(controlling, controlled);
  return low * 2 ** 32 + high * 2 + (controlling > controlled ? 1 : 0);
}

/** Whether the peer can be reached at this candidate by datagrams of ours: UDP, component 1, an IP address. */
export function canCheck({ protocol, component, address, port }: Candidate): boolean {
  return protocol === 'udp' && component === 1 && port > 0 && isIP(address) !== 0;
}

/** Whether the peer waits for a TCP connection of ours at this candidate (RFC 6544 §5.2). */
export function canConnect({ protocol, tcpType, component, address, port }: Candidate): boolean {
  return protocol === 'tcp' && tcpType === 'passive' && component === 1 && port > 0 && isIP(address) !== 0;
}

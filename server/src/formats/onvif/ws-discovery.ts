/**
 * The messages of WS-Discovery (April 2005 draft, as ONVIF Core §7 uses it): SOAP over UDP port 3702.
 *
 *   client → 239.255.255.250   Probe   { Types, Scopes }           who is there?
 *   device → client            ProbeMatches { EndpointReference, Types, Scopes, XAddrs }
 *   client → 239.255.255.250   Resolve { EndpointReference }       where is this one now?
 *   device → 239.255.255.250   Hello, Bye
 *
 * All of them carry wsa:Action, MessageID and To; answers have RelatesTo, and a device's have AppSequence.
 */
import { randomUUID } from 'node:crypto';
import { StreamError } from '../../core/errors.ts';
import { type Prefix, readEnvelope, writeEnvelope } from './soap.ts';
import { find, findAll, type Markup, namesIn, textAt, type XmlElement, xml } from './xml.ts';

export const DISCOVERY_GROUP = '239.255.255.250';
export const DISCOVERY_PORT = 3702;
/** Longer than a datagram on Ethernet is no message of this protocol that we would answer. */
export const MAXIMUM_MESSAGE_BYTES = 16 << 10;

const DISCOVERY = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
const EVERYBODY = 'urn:schemas-xmlsoap-org:ws:2005:04:discovery';
const ANONYMOUS = `${ADDRESSING}/role/anonymous`;
const PREFIXES: readonly Prefix[] = ['a', 'd', 'dn', 'tds'];

/** What a device is, as it is announced. */
export interface Endpoint {
  readonly uuid: string;
  readonly scopes: readonly string[];
  /** Addresses of its device service. */
  readonly addresses: readonly string[];
}

/** Orders a device's messages (AppSequence): the same instance for the life of the process. */
export type Sequence = () => Markup;

/** Counts from 1; the instance is the time of its making. */
export function createSequence(instance = Math.floor(Date.now() / 1000)): Sequence {
  let number = 0;
  return () => xml`<d:AppSequence InstanceId="${instance}" MessageNumber="${++number}"/>`;
}

function message(action: string, body: Markup, header: Markup, to = EVERYBODY): string {
  const head = xml`<a:Action>${`${DISCOVERY}/${action}`}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID><a:To>${to}</a:To>${header}`;
  return writeEnvelope(body, { header: head, prefixes: PREFIXES });
}

/** Asks for devices of this type; without one, for all. */
export function writeProbe(type?: 'dn:NetworkVideoTransmitter'): string {
  const types = type ? xml`<d:Types>${type}</d:Types>` : xml`<d:Types/>`;
  return message('Probe', xml`<d:Probe>${types}<d:Scopes/></d:Probe>`, xml``);
}

const reference = (uuid: string): Markup =>
  xml`<a:EndpointReference><a:Address>urn:uuid:${uuid}</a:Address></a:EndpointReference>`;

const description = ({ uuid, scopes, addresses }: Endpoint): Markup =>
  xml`${reference(uuid)}<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>${scopes.join(' ')}</d:Scopes><d:XAddrs>${addresses.join(' ')}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`;

/** The answer to the Probe or Resolve of this id. */
export function writeMatch(
  kind: 'Probe' | 'Resolve',
  endpoint: Endpoint,
  relatesTo: string,
  sequence: Sequence,
): string {
  const inner = description(endpoint);
  const body =
    kind === 'Probe'
      ? xml`<d:ProbeMatches><d:ProbeMatch>${inner}</d:ProbeMatch></d:ProbeMatches>`
      : xml`<d:ResolveMatches><d:ResolveMatch>${inner}</d:ResolveMatch></d:ResolveMatches>`;
  return message(
    `${kind}Matches`,
    body,
    xml`<a:RelatesTo>${relatesTo}</a:RelatesTo>${sequence()}`,
    ANONYMOUS,
  );
}

export function writeHello(endpoint: Endpoint, sequence: Sequence): string {
  return message('Hello', xml`<d:Hello>${description(endpoint)}</d:Hello>`, sequence());
}

export function writeBye(uuid: string, sequence: Sequence): string {
  return message('Bye', xml`<d:Bye>${reference(uuid)}</d:Bye>`, sequence());
}

/** A question to devices. */
export type Question =
  | {
      readonly kind: 'Probe';
      readonly id: string;
      /** `{namespace}local`; all of them must be ours. */
      readonly types: readonly string[];
      readonly scopes: readonly string[];
      /** The last part of the rule's URI: `rfc3986` where none is given. */
      readonly rule: string;
    }
  | { readonly kind: 'Resolve'; readonly id: string; readonly uuid: string };

/** Reads a question; undefined for messages that are none. Throws StreamError `protocol` for what is no SOAP. */
export function readQuestion(text: string): Question | undefined {
  const { header, content } = readEnvelope(text);
  const id = textAt(header, 'MessageID');
  if (!content || content.namespace !== DISCOVERY || id === '' || id.length > 200) return undefined;
  if (content.name === 'Resolve') {
    return { kind: 'Resolve', id, uuid: uuidOf(textAt(content, 'EndpointReference', 'Address')) };
  }
  if (content.name !== 'Probe') return undefined;
  const types = find(content, 'Types');
  const scopes = find(content, 'Scopes');
  return {
    kind: 'Probe',
    id,
    types: types ? namesIn(types) : [],
    scopes: wordsOf(scopes),
    rule: scopes?.attributes.get('MatchBy')?.replace(/^.*\//, '') ?? 'rfc3986',
  };
}

/** What a device says in its answer to a Probe. */
export interface Match extends Endpoint {
  readonly types: readonly string[];
}

/** The devices of an answer. Throws StreamError `protocol` for what is none. */
export function readMatches(text: string): readonly Match[] {
  const { content } = readEnvelope(text);
  if (content?.name !== 'ProbeMatches') throw new StreamError('protocol', 'not an answer to a Probe');
  return findAll(content, 'ProbeMatch').map((match) => {
    const types = find(match, 'Types');
    return {
      uuid: uuidOf(textAt(match, 'EndpointReference', 'Address')),
      types: types ? namesIn(types) : [],
      scopes: wordsOf(find(match, 'Scopes')),
      addresses: wordsOf(find(match, 'XAddrs')),
    };
  });
}

const wordsOf = (element: XmlElement | undefined): readonly string[] =>
  (element?.text ?? '').split(/\s+/).filter(Boolean);

/** `urn:uuid:…`, `uuid:…` or bare. */
const uuidOf = (address: string): string => address.replace(/^(?:urn:)?uuid:/i, '').toLowerCase();

/** Whether a scope of ours answers the one asked for (WS-Discovery §5.1). */
export function scopeMatches(ours: string, wanted: string, rule: string): boolean {
  if (rule === 'strcmp0') return ours === wanted;
  if (rule !== 'rfc3986') return false;
  const [ourParts, wantedParts] = [ours, wanted].map((scope) => scope.replace(/\/+$/, '').split('/'));
  // Scheme and authority in any case, path segments exactly, and ours may be longer.
  return (wantedParts ?? []).every((part, index) => {
    const our = ourParts?.[index];
    return index < 3 ? our?.toLowerCase() === part.toLowerCase() : our === part;
  });
}

/**
 * SOAP 1.2 (W3C, part 1 §5), with SOAP 1.1 understood: some cameras and recorders still speak it.
 *
 *   <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">
 *     <s:Header><wsse:Security>…</wsse:Security></s:Header>
 *     <s:Body><trt:GetProfiles/></s:Body>                 one element: the request, the answer, or a Fault
 *   </s:Envelope>
 *
 *   1.2  <s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value>…
 *                 <s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>
 *   1.1  <s:Fault><faultcode>s:Client</faultcode><faultstring>Sender not authorized</faultstring></s:Fault>
 */
import { StreamError } from '../../core/errors.ts';
import { find, findAll, type Markup, parseXml, textAt, type XmlElement, xml } from './xml.ts';

export type SoapVersion = '1.1' | '1.2';

const ENVELOPE: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};

/** The namespaces of ONVIF and WS-Discovery, by the prefix that we write. */
export const NAMESPACES = {
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tr2: 'http://www.onvif.org/ver20/media/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
  ter: 'http://www.onvif.org/ver10/error',
  dn: 'http://www.onvif.org/ver10/network/wsdl',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  d: 'http://schemas.xmlsoap.org/ws/2005/04/discovery',
  wsa: 'http://www.w3.org/2005/08/addressing',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
} as const;

export type Prefix = keyof typeof NAMESPACES;

const ONVIF_PREFIXES: readonly Prefix[] = ['tds', 'trt', 'tr2', 'tt', 'ter'];

/** The Content-Type of a message. */
export const CONTENT_TYPE: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'text/xml; charset=utf-8',
  '1.2': 'application/soap+xml; charset=utf-8',
};

/** A message as text. */
export function writeEnvelope(
  body: Markup,
  {
    header,
    version = '1.2',
    prefixes = ONVIF_PREFIXES,
  }: { header?: Markup | undefined; version?: SoapVersion; prefixes?: readonly Prefix[] } = {},
): string {
  const declarations = prefixes.map((prefix) => ` xmlns:${prefix}="${NAMESPACES[prefix]}"`).join('');
  const head = header ? `<s:Header>${header.markup}</s:Header>` : '';
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="${ENVELOPE[version]}"${declarations}>` +
    `${head}<s:Body>${body.markup}</s:Body></s:Envelope>`
  );
}

export interface Envelope {
  readonly version: SoapVersion;
  readonly header: XmlElement | undefined;
  /** The first element of the body; undefined where it is empty. */
  readonly content: XmlElement | undefined;
}

/** Reads a message. Throws StreamError `protocol`. */
export function readEnvelope(text: string): Envelope {
  const root = parseXml(text);
  const body = find(root, 'Body');
  if (root.name !== 'Envelope' || !body) throw new StreamError('protocol', 'not a SOAP message');
  return {
    version: root.namespace === ENVELOPE['1.1'] ? '1.1' : '1.2',
    header: find(root, 'Header'),
    content: body.children[0],
  };
}

/** A refusal: `codes` from the general to the exact, without prefixes (`Sender`, `NotAuthorized`). */
export interface Fault {
  readonly codes: readonly string[];
  readonly reason: string;
}

/** The fault that the content of a body is; undefined where it is an answer. */
export function readFault(content: XmlElement | undefined): Fault | undefined {
  if (content?.name !== 'Fault') return undefined;
  const codes = [textAt(content, 'faultcode')];
  for (let code = find(content, 'Code'); code && codes.length < 8; code = find(code, 'Subcode')) {
    codes.push(textAt(code, 'Value'));
  }
  const reasons = [
    ...findAll(find(content, 'Reason'), 'Text').map(({ text }) => text),
    textAt(content, 'faultstring'),
    find(content, 'Detail')?.children[0]?.text ?? textAt(content, 'detail'),
  ];
  return {
    codes: codes.map((code) => code.replace(/^.*:/, '')).filter(Boolean),
    reason: reasons.find(Boolean)?.slice(0, 200) ?? '',
  };
}

/** A fault as the content of a body. SOAP 1.1 has no subcodes: there the exact code stands in the detail. */
export function writeFault(
  { codes: [code = 'Receiver', ...subcodes], reason }: Fault,
  version: SoapVersion,
): Markup {
  if (version === '1.1') {
    const name = code === 'Sender' ? 'Client' : 'Server';
    const detail = subcodes.map((subcode) => `ter:${subcode}`).join(' ');
    return xml`<s:Fault><faultcode>s:${name}</faultcode><faultstring>${reason}</faultstring><detail><ter:Code>${detail}</ter:Code></detail></s:Fault>`;
  }
  const nested = subcodes.reduceRight<Markup | undefined>(
    (inner, subcode) => xml`<s:Subcode><s:Value>ter:${subcode}</s:Value>${inner}</s:Subcode>`,
    undefined,
  );
  return xml`<s:Fault><s:Code><s:Value>s:${code}</s:Value>${nested}</s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`;
}

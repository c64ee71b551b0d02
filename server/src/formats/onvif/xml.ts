/**
 * The XML that SOAP needs: elements by local name and namespace, and a template that escapes what is put into it.
 *
 *   parseXml('<s:Body xmlns:s="urn:x"><Name token="1">a &amp; b</Name></s:Body>')
 *     → { name: 'Body', namespace: 'urn:x', children: [{ name: 'Name', text: 'a & b', … }] }
 *   xml`<tt:Name>${'a & b'}</tt:Name>`  → { markup: '<tt:Name>a &amp; b</tt:Name>' }
 *
 * Document types are refused, as SOAP 1.2 part 1 §5 demands: no entities of the sender's, so nothing that expands.
 */
import { XMLParser } from 'fast-xml-parser';
import { StreamError } from '../../core/errors.ts';

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** '' where none is in scope. */
  readonly namespace: string;
  /** By local name; namespace declarations left out. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Its own text, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** Namespaces in scope by prefix, for texts that hold names. */
  readonly scope: ReadonlyMap<string, string>;
}

const MAXIMUM_BYTES = 1 << 20;
const MAXIMUM_DEPTH = 48;
const MAXIMUM_ELEMENTS = 20_000;
const MAXIMUM_NAMESPACES = 200;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAXIMUM_DEPTH,
});

/** What the parser makes of an element: `{ 'tt:Name': [children], ':@': attributes }`. */
type Node = Readonly<Record<string, unknown>>;
type Scope = ReadonlyMap<string, string>;

/** The root element. Throws StreamError `protocol` for what is no XML, too large, or has a document type. */
export function parseXml(text: string): XmlElement {
  if (text.length > MAXIMUM_BYTES) throw new StreamError('protocol', 'XML of more than 1 MiB');
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY')) {
    throw new StreamError('protocol', 'XML with a document type');
  }
  let nodes: unknown;
  try {
    nodes = parser.parse(text);
  } catch (error) {
    throw new StreamError('protocol', `not XML: ${(error as Error).message.slice(0, 100)}`, error);
  }
  const budget = { elements: MAXIMUM_ELEMENTS };
  const root = (Array.isArray(nodes) ? (nodes as Node[]) : [])
    .map((node) => readNode(node, new Map(), budget))
    .find((element) => element !== undefined);
  if (!root) throw new StreamError('protocol', 'not XML');
  return root;
}

function readNode(node: Node, outer: Scope, budget: { elements: number }): XmlElement | undefined {
  const tag = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
  const inner = tag === undefined ? undefined : node[tag];
  if (tag === undefined || !Array.isArray(inner)) return undefined;
  if (--budget.elements < 0) throw new StreamError('protocol', 'XML with too many elements');
  let scope = outer;
  const declare = (prefix: string, namespace: string): void => {
    if (scope === outer) scope = new Map(outer);
    if (scope.size >= MAXIMUM_NAMESPACES) throw new StreamError('protocol', 'XML with too many namespaces');
    (scope as Map<string, string>).set(prefix, namespace);
  };
  const attributes = new Map<string, string>();
  for (const [key, value] of Object.entries((node[':@'] ?? {}) as Node)) {
    const [prefix, local] = splitName(key);
    const text = decodeText(String(value));
    if (prefix === 'xmlns') declare(local, text);
    else if (key === 'xmlns') declare('', text);
    else attributes.set(local, text);
  }
  const [prefix, name] = splitName(tag);
  const nodes = inner as readonly Node[];
  return {
    name,
    namespace: scope.get(prefix) ?? '',
    attributes,
    text: nodes
      .flatMap((item) => (typeof item['#text'] === 'string' ? [decodeText(item['#text'])] : []))
      .join('')
      .trim(),
    children: nodes.flatMap((item) => readNode(item, scope, budget) ?? []),
    scope,
  };
}

function splitName(name: string): readonly [prefix: string, local: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)];
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The five entities of XML and character numbers; all others stay as they are written. */
function decodeText(text: string): string {
  return text.replace(
    /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (all, name, decimal, hex) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? all;
      const point = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : all;
    },
  );
}

/** The first element down this path of local names; undefined if a step is missing. */
export function find(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (at, name) => at?.children.find((child) => child.name === name),
    element,
  );
}

/** Its text; '' if a step is missing. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string {
  return find(element, ...path)?.text ?? '';
}

/** The children of this name. */
export function findAll(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The names (`dn:NetworkVideoTransmitter tds:Device`) that the element's text lists, as `{namespace}local`. */
export function namesIn({ text, scope }: XmlElement): readonly string[] {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .map((item) => {
      const [prefix, local] = splitName(item);
      return `{${scope.get(prefix) ?? ''}}${local}`;
    });
}

/** XML text that is safe to put into other XML text. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | boolean | undefined | Markup | readonly Markup[];

/** A template of XML: texts are escaped, Markup goes in as it is, undefined is nothing. */
export function xml(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: strings.map((text, index) => text + markupOf(values[index])).join('') };
}

function markupOf(value: Value): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Characters that XML 1.0 cannot hold are left out. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const NAME = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

/** An element that was read, as markup to be sent back. What has a name that is none in XML is left out. */
export function toMarkup({ name, namespace, attributes, text, children }: XmlElement): Markup {
  if (!NAME.test(name)) return { markup: '' };
  const written = [...attributes].filter(([key]) => NAME.test(key));
  const list = written.map(([key, value]) => ` ${key}="${escapeText(value)}"`).join('');
  const inner = escapeText(text) + children.map((child) => toMarkup(child).markup).join('');
  return { markup: `<${name} xmlns="${escapeText(namespace)}"${list}>${inner}</${name}>` };
}

/**
 * Edits of a config file's text that touch only the lines they are about: comments, order, spelling and blank lines
 * of everything else stay byte for byte. Pure: text in, text out.
 *
 * An edit is first made on the parsed document, which says what the result must mean. Then it is made on the text, by
 * the ranges of the nodes (splice.ts), and kept if it means the same; where it doesn't (flow maps, anchors), the
 * document is printed anew, with its comments.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isAlias, isMap, isScalar, type Node, type Pair, YAMLMap } from 'yaml';
import { ConfigError } from './error.ts';
import { isPlain } from './merge.ts';
import { findPair, splice } from './splice.ts';
import { hidePlaceholders } from './substitute.ts';
import { parseYaml } from './yaml.ts';

type KeyPath = readonly string[];

const MAX_LEAVES = 1000;

/** Sets one value, making the maps on the way; `undefined` removes the key. Throws ConfigError. */
export function setValue(text: string, path: KeyPath, value: unknown): string {
  const placeholders = hidePlaceholders();
  return placeholders.restore(edit(placeholders.hide(text), path, value));
}

/** Lays a document (YAML or JSON) on the text: maps merge key by key, everything else replaces. Throws ConfigError. */
export function mergeDocument(text: string, patch: string): string {
  const placeholders = hidePlaceholders();
  const { contents } = parse(placeholders.hide(patch), 'the patch');
  let result = placeholders.hide(text);
  let leaves = 0;
  const lay = (map: YAMLMap, path: KeyPath): void => {
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const inner = [...path, String(pair.key)];
      if (++leaves > MAX_LEAVES) throw new ConfigError(`more than ${MAX_LEAVES} values in one patch`);
      if (isMap(pair.value) && pair.value.items.length > 0) lay(pair.value, inner);
      else result = edit(result, inner, plainValue(pair.value));
    }
  };
  if (contents) lay(contents, []);
  return placeholders.restore(result);
}

/** Throws ConfigError with the line if the text is not a YAML map (or empty). */
export function checkDocument(text: string): void {
  parse(hidePlaceholders().hide(text), 'the document');
}

type MapDocument = Document & { contents: YAMLMap<Node, Node | null> | null };

function parse(text: string, what: string): MapDocument {
  const { document, problems } = parseYaml(text);
  if (problems[0]) {
    const line = text.slice(0, problems[0].offset).split('\n').length;
    throw new ConfigError(`${what}, line ${line}: ${problems[0].message}`);
  }
  const { contents } = document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) {
    throw new ConfigError(`${what} is not a map`);
  }
  if (!isMap(contents)) document.contents = null;
  return document as MapDocument;
}

function edit(text: string, path: KeyPath, value: unknown): string {
  const document = parse(text, 'the config file');
  if (value === undefined && !has(document.contents, path)) return text;
  const wanted = document.clone() as MapDocument;
  setIn(wanted, path, value);
  const meaning = meaningOf(wanted);
  if (value !== undefined && isDeepStrictEqual(meaningOf(document), meaning)) return text;
  const spliced = splice(text, document.contents, path, value);
  if (spliced !== undefined && isDeepStrictEqual(meaningOf(parseYaml(spliced).document), meaning))
    return spliced;
  return wanted.toString({ lineWidth: 0 });
}

function has(root: YAMLMap<Node, Node | null> | null, path: KeyPath): boolean {
  let node: Node | null | undefined = root;
  for (const key of path) {
    const pair: Pair<Node, Node | null> | undefined = isMap<Node, Node | null>(node)
      ? findPair(node, key)
      : undefined;
    if (!pair) return false;
    node = pair.value;
  }
  return true;
}

function setIn(document: MapDocument, path: KeyPath, value: unknown): void {
  document.contents ??= new YAMLMap<Node, Node | null>();
  let map = document.contents;
  path.forEach((key, depth) => {
    const pair = findPair(map, key);
    if (depth === path.length - 1) {
      if (value === undefined) map.items = map.items.filter((item) => item !== pair);
      else if (pair) pair.value = document.createNode(value) as Node;
      else map.items.push(document.createPair(key, value) as Pair<Node, Node>);
      return;
    }
    if (isAlias(pair?.value))
      throw new ConfigError(`${path.slice(0, depth + 1).join('.')} is an alias: edit it by hand`);
    const inner = isMap<Node, Node | null>(pair?.value) ? pair.value : new YAMLMap<Node, Node | null>();
    if (pair) pair.value = inner;
    else map.items.push(document.createPair(key, inner) as Pair<Node, Node>);
    map = inner;
  });
}

/** What a document says; an empty map says nothing. */
function meaningOf(document: Document): unknown {
  try {
    return withoutEmpty(document.toJS({ maxAliasCount: 1000 }));
  } catch (error) {
    throw new ConfigError(`the config file: ${(error as Error).message}`);
  }
}

function withoutEmpty(value: unknown): unknown {
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutEmpty(inner)]);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

/** A node's value; a number that is spelled in its own way (`0123`) stays as it is spelled. */
function plainValue(node: Node | null): unknown {
  if (isScalar(node) && typeof node.value === 'number' && String(node.value) !== node.source)
    return node.source;
  return node === null ? null : (node.toJSON() as unknown);
}

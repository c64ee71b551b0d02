/**
 * One change of one value, made in the text of a YAML file by the ranges of its nodes. Only block maps are handled:
 *
 *   streams:                  column of the keys: 2
 *     front: rtsp://a  # x    replaced: the value's range; the comment stays
 *     back:                   removed: from the key's line to the line where its value ends
 *       - rtsp://b
 *                             added: after the line where the last value of the map ends
 */
import { isAlias, isCollection, isMap, isScalar, type Node, type Pair, stringify, type YAMLMap } from 'yaml';

type BlockMap = YAMLMap<Node, Node | null>;
type BlockPair = Pair<Node, Node | null>;

/** The pair with this key; of several, the one that counts: the last. */
export function findPair(map: BlockMap, key: string): BlockPair | undefined {
  return map.items.findLast(
    (pair) => isScalar(pair.key) && String(pair.key.source ?? pair.key.value) === key,
  );
}

/** The edited text; undefined where the file is written in a way that this doesn't handle. `value` undefined removes. */
export function splice(
  text: string,
  root: BlockMap | null,
  path: readonly string[],
  value: unknown,
): string | undefined {
  if (root === null)
    return value === undefined ? text : insertLines(text, text.length, render(path, value, 0));
  let map = root;
  for (let depth = 0; depth < path.length; depth++) {
    const rest = path.slice(depth + 1);
    const column = map.flow || map.items.length === 0 ? undefined : columnOf(text, map.items[0]!.key);
    if (column === undefined) return undefined;
    const pair = findPair(map, path[depth]!);
    if (value === undefined && !pair) return text;
    if (!pair) return insertLines(text, endOf(text, map), render(path.slice(depth), value, column));
    if (rest.length === 0)
      return value === undefined ? remove(text, pair) : replace(text, pair, value, column);
    if (isMap<Node, Node | null>(pair.value) && pair.value.items.length > 0) map = pair.value;
    else return value === undefined ? text : replace(text, pair, nest(rest, value), column);
  }
  return undefined;
}

const nest = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

/** `path: value` as whole lines. */
function render(path: readonly string[], value: unknown, column: number): string {
  return indented(print(nest(path, value)), column);
}

const print = (value: unknown): string => stringify(value, { lineWidth: 0 });

const indented = (lines: string, column: number): string => lines.replace(/^(?=.)/gm, ' '.repeat(column));

const isBlock = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function insertLines(text: string, after: number, lines: string): string {
  const lineEnd = text.indexOf('\n', after);
  if (lineEnd >= 0) return text.slice(0, lineEnd + 1) + lines + text.slice(lineEnd + 1);
  return text === '' || text.endsWith('\n') ? text + lines : `${text}\n${lines}`;
}

function remove(text: string, pair: BlockPair): string | undefined {
  const start = lineStart(text, pair.key.range![0]);
  if (text.slice(start, pair.key.range![0]).trim() !== '') return undefined;
  const lineEnd = text.indexOf('\n', endOfPair(text, pair));
  return text.slice(0, start) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
}

function replace(text: string, pair: BlockPair, value: unknown, column: number): string {
  const colon = text.indexOf(':', pair.key.range![1]) + 1;
  const from = pair.value?.range && pair.value.range[0] > colon ? pair.value.range[0] : colon;
  const to = Math.max(from, endOfPair(text, pair));
  const before = text.slice(0, from);
  const after = text.slice(to);
  if (isBlock(value)) {
    const lines = indented(print(value), column + 2);
    const standsAlone = from > colon && before.slice(colon).includes('\n');
    if (standsAlone) return before.slice(0, lineStart(text, from)) + lines.trimEnd() + after;
    return insertLines(before.trimEnd() + after, colon, lines);
  }
  const inline = indented(print(value), column + 2).trim();
  return `${text.slice(0, colon)} ${inline}${text.slice(colon, from).trimEnd()}${after}`;
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** The column of a key; undefined if something else stands before it on its line. */
function columnOf(text: string, key: Node): number | undefined {
  const start = lineStart(text, key.range![0]);
  return text.slice(start, key.range![0]).trim() === '' ? key.range![0] - start : undefined;
}

/** Where a node's own text ends: comments and blank lines after it are not part of it. */
function endOf(text: string, node: Node): number {
  if (isCollection(node) && !node.flow && node.items.length > 0) {
    const last = node.items.at(-1)!;
    return isMap(node) ? endOfPair(text, last as BlockPair) : endOf(text, last as Node);
  }
  let end = node.range![1];
  while (isScalar(node) && !isAlias(node) && end > node.range![0] && /\s/.test(text[end - 1]!)) end--;
  return end;
}

function endOfPair(text: string, pair: BlockPair): number {
  const colon = text.indexOf(':', pair.key.range![1]) + 1;
  return pair.value?.range ? Math.max(colon, endOf(text, pair.value)) : colon;
}

/**
 * Where in a YAML document a place of its text is, by indentation alone: the text is half written while somebody types, so
 * that no parser makes sense of it. Block style, as config files are written. Pure.
 *
 *   streams:
 *     door:
 *       url:
 *         - rtsp://…        path ['streams', 'door', 'url', '[]']
 */

/** An item of a list. */
export const ITEM = '[]';

export interface YamlPlace {
  /** Keys from the root; of a value with its own key. */
  readonly path: readonly string[];
  /** What is written here: the key of the map at `path`, or the value of `path`. */
  readonly kind: 'key' | 'value';
  /** Where the word at the place begins. */
  readonly from: number;
  /** Column of the key: what goes under it stands two further. */
  readonly indent: number;
  /** Keys that the map has already. */
  readonly siblings: readonly string[];
}

interface Opener {
  /** A key, or ITEM. */
  readonly name: string;
  readonly indent: number;
}

const LINE = /^(\s*(?:-\s+)*)(?:("[^"]*"|'[^']*'|[^\s#:'"[{&*!|>-][^:#]*|[^\s#:'"[{][^\s:#]*):(?=\s|$))?/;

/** The place at `offset`; undefined in comments and after what stands no more for one word. */
export function placeAt(text: string, offset: number): YamlPlace | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(start, offset);
  const lines = text.slice(0, start).split('\n').slice(0, -1);

  const key = /^(\s*(?:-\s+)*)([\w.-]*)$/.exec(line);
  if (key) {
    const [, before = '', word = ''] = key;
    const path = pathAbove(lines, openersOf(before), before.length);
    const below = text.slice(offset).split('\n').slice(1);
    return {
      path,
      kind: 'key',
      from: offset - word.length,
      indent: before.length,
      siblings: siblingsOf(lines, below, before),
    };
  }
  const value = /^(\s*(?:-\s+)*)("[^"]*"|'[^']*'|[^\s:#][^:#]*):\s+(["']?[\w.:*-]*)$/.exec(line);
  if (!value) return undefined;
  const [, before = '', name = '', word = ''] = value;
  return {
    path: [...pathAbove(lines, openersOf(before), before.length), unquote(name)],
    kind: 'value',
    from: offset - word.length,
    indent: before.length,
    siblings: [],
  };
}

/** The key that is written at `offset`, with its path and where it stands. */
export function keyAt(
  text: string,
  offset: number,
): { readonly path: readonly string[]; readonly from: number; readonly to: number } | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const [, before = '', name] = LINE.exec(text.slice(start, end < 0 ? undefined : end)) ?? [];
  if (name === undefined) return undefined;
  const from = start + before.length;
  const to = from + name.length;
  if (offset < from || offset > to) return undefined;
  const lines = text.slice(0, start).split('\n').slice(0, -1);
  return { path: [...pathAbove(lines, openersOf(before), before.length), unquote(name)], from, to };
}

/** From the line itself upwards: each time the next thing that stands further to the left. */
function pathAbove(lines: readonly string[], own: readonly Opener[], indent: number): string[] {
  const path: string[] = [];
  let limit = indent;
  // The items of a list may stand under the first letter of its key.
  let listAt: number | undefined;
  const climb = (openers: readonly Opener[]) => {
    for (const opener of openers.toReversed()) {
      const isParent =
        listAt !== undefined && opener.name !== ITEM ? opener.indent <= listAt : opener.indent < limit;
      if (!isParent) continue;
      path.unshift(opener.name);
      limit = opener.indent;
      listAt = opener.name === ITEM ? opener.indent : undefined;
    }
  };
  climb(own);
  for (let index = lines.length - 1; index >= 0 && (limit > 0 || listAt !== undefined); index--) {
    const [, before = '', name] = LINE.exec(lines[index]!) ?? [];
    const openers = openersOf(before);
    if (name !== undefined) openers.push({ name: unquote(name), indent: before.length });
    climb(openers);
  }
  return path;
}

/** The dashes before what stands on a line. */
function openersOf(before: string): Opener[] {
  return [...before.matchAll(/-/g)].map(({ index }) => ({ name: ITEM, indent: index }));
}

/** Keys of the same map: up and down to where it begins and ends. */
function siblingsOf(above: readonly string[], below: readonly string[], before: string): string[] {
  const indent = before.length;
  const names: string[] = [];
  const collect = (lines: readonly string[], isAbove: boolean) => {
    for (const line of lines) {
      if (/^\s*(#|$)/.test(line)) continue;
      const [, start = '', name] = LINE.exec(line) ?? [];
      if (start.length < indent) return;
      if (start.length > indent) continue;
      // A dash begins the item: from below it is the next one.
      const begins = start.includes('-');
      if (name !== undefined && (isAbove || !begins)) names.push(unquote(name));
      if (begins) return;
    }
  };
  if (!before.includes('-')) collect(above.toReversed(), true);
  collect(below, false);
  return names;
}

function unquote(name: string): string {
  return name.trim().replace(/^(["'])(.*)\1$/, '$2');
}

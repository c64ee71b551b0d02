/**
 * YAML text to nodes, with limits, and without losing a whole file to one mistake.
 *
 * A text with a syntax error is cut at its top-level keys, and a section with an error at its entries. What parses
 * alone stands, and each piece that doesn't is reported with its own line:
 *
 *   streams:
 *     front: rtsp://a          ┐ fragment, path ['streams']
 *     back: "rtsp://b          ┘ fragment, reported: missing closing quote
 */
import { type Alias, type Node, type ParsedNode, parseDocument, visit } from 'yaml';

/** A part of a document. */
export interface Fragment {
  /** Where it belongs. */
  readonly path: readonly string[];
  readonly node: Node | null;
  /** What the aliases inside stand for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Offset of the fragment's text within the document. */
  readonly base: number;
}

export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

const MAX_TEXT = 1 << 20;
const MAX_NESTING = 64;
const MAX_COMPACT = 200;
const MAX_PIECES = 2000;
/** The parser's messages may end with a piece of the text, which may hold a password. */
const QUOTED_SOURCE = /: ".*"$/s;

/** Parses a text; problems are handed to `report`. */
export function parseFragments(text: string, report: (problem: SyntaxProblem) => void): Fragment[] {
  if (text.length > MAX_TEXT) {
    report({ offset: 0, message: `longer than ${MAX_TEXT} characters` });
    return [];
  }
  const whole = parse(text, [], 0);
  if (whole.problems.length === 0) return [whole.fragment];
  const sections = split(text, 0);
  if (!sections) {
    report(whole.problems[0]!);
    return [whole.fragment];
  }
  return sections.flatMap(({ start, end }) => parseSection(text.slice(start, end), start, report));
}

function parseSection(text: string, base: number, report: (problem: SyntaxProblem) => void): Fragment[] {
  const section = parse(text, [], base);
  if (section.problems.length === 0) return [section.fragment];
  const [, name] =
    /^(?:"([^"\n]*)"|'[^'\n]*'|[^\s:#"'[{&*!|>%@`-][^:\n]*):[ \t]*(?:#[^\n]*)?\n/.exec(text) ?? [];
  const head = text.slice(0, text.indexOf('\n') + 1);
  const entries = head.includes(':') ? split(text.slice(head.length), base + head.length) : undefined;
  if (!entries) {
    report(section.problems[0]!);
    return [];
  }
  const path = [name ?? head.slice(0, head.indexOf(':')).trim()];
  const fragments: Fragment[] = [];
  for (const { start, end } of entries) {
    const entry = parse(text.slice(start - base, end - base), path, start);
    if (entry.problems.length === 0) fragments.push(entry.fragment);
    else report(entry.problems[0]!);
  }
  return fragments;
}

/** The ranges of the keys at the least indent of a block mapping; undefined where the text is something else. */
function split(text: string, base: number): { start: number; end: number }[] | undefined {
  const starts: number[] = [];
  let indent: number | undefined;
  for (const match of text.matchAll(/^([ ]*)(.?)[^\n]*$/gm)) {
    const [, spaces, first] = match;
    if (first === '' || first === '#' || first === '\t' || first === '\r') continue;
    indent ??= spaces!.length;
    if (spaces!.length > indent) continue;
    if (spaces!.length < indent || '-[{]}'.includes(first!)) return undefined;
    starts.push(match.index);
    if (starts.length > MAX_PIECES) return undefined;
  }
  if (starts.length === 0) return undefined;
  return starts.map((start, i) => ({ start: base + start, end: base + (starts[i + 1] ?? text.length) }));
}

function parse(
  text: string,
  path: readonly string[],
  base: number,
): { fragment: Fragment; problems: SyntaxProblem[] } {
  const deep = nestedTooDeeply(text);
  if (deep !== undefined) {
    const problem = { offset: base + deep, message: `nested more than ${MAX_NESTING} levels deep` };
    return { fragment: { path, node: null, targets: new Map(), base }, problems: [problem] };
  }
  // Duplicate keys are found while decoding: the parser's own check takes quadratic time.
  const document = parseDocument<ParsedNode, true>(text, {
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const problems = document.errors.map((error) => ({
    offset: base + error.pos[0],
    message: error.message.replace(QUOTED_SOURCE, ''),
  }));
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_, node) {
      if ('anchor' in node && node.anchor) anchors.set(node.anchor, node);
    },
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
  });
  return { fragment: { path, node: document.contents as Node | null, targets, base }, problems };
}

/**
 * The offset where brackets, compact block collections (`- - -`, `? ? ?`) or indents go deeper than any real config.
 * The YAML parser recurses, and a full stack would end the process rather than throw.
 */
function nestedTooDeeply(text: string): number | undefined {
  const indents: number[] = [];
  let open = 0;
  for (const line of text.matchAll(/^([ ]*)([^\n]*)/gm)) {
    const [, spaces, rest] = line;
    if (rest === '') continue;
    while (indents.length > 0 && indents.at(-1)! >= spaces!.length) indents.pop();
    indents.push(spaces!.length);
    let compact = 0;
    for (let i = 0; i < rest!.length; i++) {
      const letter = rest![i]!;
      if (letter === '[' || letter === '{') open++;
      else if (letter === ']' || letter === '}') open = Math.max(0, open - 1);
      else if (rest![i + 1] === ' ' && (letter === '-' || letter === '?' || letter === ':')) compact++;
      if (open > MAX_NESTING || compact > MAX_COMPACT) return line.index + spaces!.length + i;
    }
    if (indents.length > MAX_NESTING) return line.index;
  }
  return undefined;
}

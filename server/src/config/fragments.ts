/**
 * YAML text to nodes, without losing a whole file to one mistake.
 *
 * A text with a syntax error is cut at its top-level keys, and a section with an error at its entries. What parses
 * alone stands, and each piece that doesn't is reported with its own line:
 *
 *   streams:
 *     front: rtsp://a          ┐ fragment, path ['streams']
 *     back: "rtsp://b          ┘ fragment, reported: missing closing quote
 */
import { type Alias, type Node, visit } from 'yaml';
import { parseYaml, type SyntaxProblem } from './yaml.ts';

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

const MAX_PIECES = 2000;

/** Parses a text; problems are handed to `report`. */
export function parseFragments(text: string, report: (problem: SyntaxProblem) => void): Fragment[] {
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
  const { document, problems } = parseYaml(text);
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
  // What is missing is missed where the text ends, not lines later where blank ones do.
  const end = text.trimEnd().length;
  return {
    fragment: { path, node: document.contents as Node | null, targets, base },
    problems: problems.map(({ offset, message }) => ({ offset: base + Math.min(offset, end), message })),
  };
}

/** YAML text to a document, with limits that hold for hostile text too. */
import { Document, parseDocument } from 'yaml';

export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

const MAX_TEXT = 1 << 20;
const MAX_NESTING = 64;
const MAX_COMPACT = 200;
/** The parser's messages may end with a piece of the text, which may hold a password. */
const QUOTED_SOURCE = /: ".*"$/s;

/** Parses a text. With problems, the document holds what could be understood. */
export function parseYaml(text: string): { document: Document; problems: SyntaxProblem[] } {
  const limit = overLimit(text);
  if (limit) return { document: new Document(null), problems: [limit] };
  // Duplicate keys are found while decoding: the parser's own check takes quadratic time.
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
  const problems = document.errors.map((error) => ({
    offset: error.pos[0],
    message: error.message.replace(QUOTED_SOURCE, ''),
  }));
  return { document, problems };
}

function overLimit(text: string): SyntaxProblem | undefined {
  if (text.length > MAX_TEXT) return { offset: 0, message: `longer than ${MAX_TEXT} characters` };
  const offset = nestedTooDeeply(text);
  return offset === undefined
    ? undefined
    : { offset, message: `nested more than ${MAX_NESTING} levels deep` };
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

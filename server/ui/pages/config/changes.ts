/** What an edit of the config file does, from the answer of `POST api/config/check`. Pure: no DOM. */

export interface Problem {
  /** From 1; 0: of the file as a whole. */
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

export interface Check {
  readonly problems: readonly Problem[];
  readonly streams: {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
  };
  /** Sections that take effect with the next start only. */
  readonly restart: readonly string[];
}

/** Reads the answer; members that are missing are empty. */
export function readCheck(answer: unknown): Check {
  const { problems, streams, restart } = record(answer);
  const { added, changed, removed } = record(streams);
  return {
    problems: (Array.isArray(problems) ? problems : []).map(record).map((problem) => ({
      line: number(problem.line),
      column: number(problem.column),
      path: text(problem.path),
      message: text(problem.message),
    })),
    streams: { added: texts(added), changed: texts(changed), removed: texts(removed) },
    restart: texts(restart),
  };
}

/** Whether no stream, and no section that wants a restart, is touched: comments, or what is in force at once. */
export function touchesNothing({ streams: { added, changed, removed }, restart }: Check): boolean {
  return added.length + changed.length + removed.length + restart.length === 0;
}

/** Where a problem is marked in the text: from its place to the end of its word, or the line if it has no column. */
export function problemRange(document: string, { line, column }: Problem): { from: number; to: number } {
  const lines = document.split('\n');
  const index = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, index).reduce((sum, each) => sum + each.length + 1, 0);
  const content = lines[index]!.replace(/\s+$/, '');
  const indent = content.length - content.trimStart().length;
  const within = Math.min(column > 0 ? column - 1 : indent, content.length);
  const word = column > 0 ? /^[^\s:,\]}]+/.exec(content.slice(within))?.[0].length : undefined;
  return { from: start + within, to: start + (word ? within + word : content.length) };
}

/**
 * Whether somebody else changed the file since it was read: `base` is what was read, `current` what the server has now.
 * The same edit made elsewhere is no conflict.
 */
export function isConflict(base: string, current: string, mine: string): boolean {
  return current !== base && current !== mine;
}

type Fields = Readonly<Record<string, unknown>>;

const record = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

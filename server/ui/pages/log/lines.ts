/**
 * Lines of the log: read, kept, filtered. Pure: no DOM.
 *
 *   {"level":"warn","time":1764260000123,"message":"[rtsp] camera is lost","stream":"front_door","error":"timeout"}
 */

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

export interface LogLine {
  /** Counts up, and stays with the line. */
  readonly number: number;
  /** ms since 1970. */
  readonly time: number;
  readonly level: Level;
  /** '' for lines that are no module's. */
  readonly module: string;
  readonly message: string;
  /** `stream=front_door error=timeout` */
  readonly fields: string;
  /** As the server sent it. */
  readonly json: string;
}

export interface LogFilter {
  /** The least severe level that is shown. */
  readonly level: Level;
  /** '' shows all. */
  readonly module: string;
  /** Every word of it has to be in the line. */
  readonly text: string;
}

/** What is kept; older lines are dropped. */
export const KEPT_LINES = 5000;

/** Lines as they came, oldest first. */
export interface LogBook {
  readonly lines: readonly LogLine[];
  /** Time of the newest line: ask the server for what came since. */
  readonly since: number;
  /** How many lines came so far. */
  readonly count: number;
}

export const EMPTY_BOOK: LogBook = { lines: [], since: 0, count: 0 };

/**
 * Adds what the server answered to `?since=`. The answer may begin with lines of the same millisecond that are there
 * already; lines that are no JSON are skipped.
 */
export function addLines(book: LogBook, answer: string, kept = KEPT_LINES): LogBook {
  const known = new Map<string, number>();
  for (let index = book.lines.length - 1; index >= 0; index--) {
    const { time, json } = book.lines[index]!;
    if (time < book.since) break;
    known.set(json, (known.get(json) ?? 0) + 1);
  }
  const added: LogLine[] = [];
  let { since, count } = book;
  for (const json of answer.split('\n')) {
    const line = json && readLine(json, count + 1);
    if (!line || line.time < book.since) continue;
    const again = line.time === book.since ? (known.get(json) ?? 0) : 0;
    if (again > 0) {
      known.set(json, again - 1);
      continue;
    }
    added.push(line);
    count++;
    since = Math.max(since, line.time);
  }
  if (added.length === 0) return book;
  return { lines: [...book.lines, ...added].slice(-kept), since, count };
}

function readLine(json: string, number: number): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { level, time, message, ...fields } = value as Record<string, unknown>;
  if (typeof time !== 'number' || typeof message !== 'string') return undefined;
  const [, module = '', rest = ''] = /^(?:\[([\w-]+)\] )?([\s\S]*)$/.exec(message) ?? [];
  return {
    number,
    time,
    level: LEVELS.find((known) => known === level) ?? 'info',
    module,
    message: rest,
    fields: Object.entries(fields)
      .map(([key, field]) => `${key}=${fieldText(field)}`)
      .join(' '),
    json,
  };
}

function fieldText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}

/** The test that a line has to pass. */
export function createFilter({ level, module, text }: LogFilter): (line: LogLine) => boolean {
  const least = LEVELS.indexOf(level);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (line) => {
    if (LEVELS.indexOf(line.level) < least) return false;
    if (module && line.module !== module) return false;
    if (words.length === 0) return true;
    const all = lineText(line).toLowerCase();
    return words.every((word) => all.includes(word));
  };
}

/** A line as one would paste it into a report: `[rtsp] camera is lost stream=front_door`. */
export function lineText({ module, message, fields }: LogLine): string {
  return [module && `[${module}]`, message, fields].filter(Boolean).join(' ');
}

/**
 * The log: pino underneath; each module has a level of its own; the last lines stay in memory for `/api/log`.
 *
 * Text form, as clients of the API look for it: `10:58:26.286 INF [api] listen addr=:1984`.
 * Every message and every string field is redacted before it is written or kept.
 */
import { type DestinationStream, pino } from 'pino';
import { redact } from './redact.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'disabled';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether a message of this level would be written: guards expensive fields. */
  enabled(level: LogLevel): boolean;
  /** The same logger with these fields in all its lines, such as the stream they are about. */
  with(fields: LogFields): Logger;
}

export interface LogSettings {
  readonly level?: LogLevel;
  /** Levels by module name. */
  readonly modules?: Readonly<Record<string, LogLevel>>;
  readonly format?: 'text' | 'json' | 'color';
  /** False: text lines without the time of day. */
  readonly time?: boolean;
  /** Where lines go; default standard output. `undefined` in memory only. */
  readonly write?: ((line: string) => void) | undefined;
}

/** The worse, the higher. */
export const SEVERITY: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  disabled: 100,
};
const LABELS: Readonly<Record<number, string>> = {
  10: 'TRC',
  20: 'DBG',
  30: 'INF',
  40: 'WRN',
  50: 'ERR',
  60: 'FTL',
};
const COLORS: Readonly<Record<number, string>> = {
  10: '35',
  20: '33',
  30: '32',
  40: '33',
  50: '31',
  60: '31',
};
const RING_BYTES = 1 << 20;

let settings: LogSettings = {};
let write: ((line: string) => void) | undefined = (line) => process.stdout.write(line);
let ring: string[] = [];
let ringBytes = 0;
/** Names of modules. */
const known = new Set<string>();

const destination: DestinationStream = {
  write(line: string) {
    ring.push(line);
    ringBytes += line.length;
    while (ringBytes > RING_BYTES) ringBytes -= ring.shift()?.length ?? ringBytes;
    write?.(settings.format === 'json' ? line : toText(line));
  },
};

const root = pino(
  {
    level: 'trace',
    base: null,
    timestamp: () => `,"time":${Date.now()}`,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'message',
  },
  destination,
);

function toText(line: string): string {
  const { level, time, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const severity = SEVERITY[level as LogLevel] ?? 30;
  const clock = new Date(time as number);
  const stamp = `${clock.toTimeString().slice(0, 8)}.${String(clock.getMilliseconds()).padStart(3, '0')}`;
  const label = LABELS[severity] ?? 'INF';
  const shown = settings.format === 'color' ? `\x1b[${COLORS[severity]}m${label}\x1b[0m` : label;
  let text = settings.time === false ? `${shown} ${message}` : `${stamp} ${shown} ${message}`;
  for (const [key, value] of Object.entries(fields)) {
    text += ` ${key}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`;
  }
  return `${text}\n`;
}

const quoted = (value: string): string => (/[\s"=]/.test(value) ? JSON.stringify(value) : value);

/** Sets levels, format and destination for all loggers, those made earlier too. */
export function configureLog(next: LogSettings): void {
  settings = next;
  if ('write' in next) write = next.write;
}

/** The level from now on, of one module or of all that have none of their own; until the log is configured anew. */
export function setLogLevel(level: LogLevel, module?: string): void {
  if (module === undefined) settings = { ...settings, level, modules: {} };
  else settings = { ...settings, modules: { ...settings.modules, [module]: level } };
}

/** The levels in force, and the modules that have logged or could. */
export function logLevels() {
  const { level = 'info', modules = {} } = settings;
  return { level, modules, known: [...known].sort() };
}

/** The lines in memory (1 MiB at the most), as JSON lines; those that pass. */
export function readLog(passes?: (line: string) => boolean): string {
  return (passes ? ring.filter(passes) : ring).join('');
}

/** Forgets the lines in memory. */
export function clearLog(): void {
  ring = [];
  ringBytes = 0;
}

/** A logger whose lines begin with `[module]`, and whose level the config can set by that name; with `bound` in all of them. */
export function createLogger(module: string, bound: LogFields = {}): Logger {
  known.add(module);
  const enabled = (level: LogLevel): boolean =>
    SEVERITY[level] >= SEVERITY[settings.modules?.[module] ?? settings.level ?? 'info'];
  const at = (level: Exclude<LogLevel, 'disabled'>) => (message: string, fields?: LogFields) => {
    if (enabled(level)) root[level](clean({ ...bound, ...fields }), redact(`[${module}] ${message}`));
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled,
    with: (fields) => createLogger(module, { ...bound, ...fields }),
  };
}

function clean(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Error) result[key] = redact(value.message);
    else result[key] = typeof value === 'string' ? redact(value) : value;
  }
  return result;
}

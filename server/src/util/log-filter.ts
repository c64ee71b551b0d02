/** Which lines of the log somebody wants to see. */
import { type LogLevel, SEVERITY } from './log.ts';

export interface LogFilter {
  /** This level and worse ones. */
  readonly level?: LogLevel | undefined;
  readonly module?: string | undefined;
  /** Lines about this stream. */
  readonly stream?: string | undefined;
  /** Unix time in milliseconds: lines from then on. */
  readonly sinceMs?: number | undefined;
  /** A text that is somewhere in the line, in whatever case. */
  readonly text?: string | undefined;
}

/** Whether a line of the log, as JSON, passes the filter. */
export function passesFilter(line: string, filter: LogFilter): boolean {
  const { level, module, stream, sinceMs, text } = filter;
  if (text && !line.toLowerCase().includes(text.toLowerCase())) return false;
  const entry = JSON.parse(line) as { level: LogLevel; time: number; message: string; stream?: unknown };
  if (level && SEVERITY[entry.level] < SEVERITY[level]) return false;
  if (module && !entry.message.startsWith(`[${module}] `)) return false;
  if (stream && entry.stream !== stream) return false;
  return sinceMs === undefined || entry.time >= sinceMs;
}

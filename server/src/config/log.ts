/** The `log` section → settings of the log. */
import { createWriteStream } from 'node:fs';
import type { LogLevel, LogSettings } from '../util/log.ts';
import type { Config } from './schema.ts';

const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'format', 'output', 'time']);

/** Opens the output file, if there is one. */
export function logSettings(section: Config['log'], interactive = process.stdout.isTTY): LogSettings {
  const modules: Record<string, LogLevel> = {};
  for (const [module, level] of Object.entries(section)) {
    if (!OWN_KEYS.has(module)) modules[module] = ownLevel(String(level));
  }
  return {
    level: ownLevel(section.level),
    modules,
    format: section.format || (interactive ? 'color' : 'text'),
    time: section.time !== '',
    write: writer(section.output),
  };
}

const ownLevel = (level: string): LogLevel => (level === 'panic' ? 'fatal' : (level as LogLevel));

function writer(output: string): LogSettings['write'] {
  if (output === '') return undefined;
  if (output === 'stderr') return (line) => process.stderr.write(line);
  if (output === 'file' || output.startsWith('file:')) {
    const stream = createWriteStream(output.slice('file:'.length) || 'porthole.log', { flags: 'a' });
    stream.on('error', (error) => process.stderr.write(`log file: ${error.message}\n`));
    return (line) => stream.write(line);
  }
  return (line) => process.stdout.write(line);
}

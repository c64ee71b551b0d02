/** Options of sources that run a program: `#killsignal=15#killtimeout=5#starttimeout=30`. */
import { StreamError } from '../../core/errors.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import type { ProcessSettings } from './process.ts';

const START_TIMEOUT_SECONDS = 30;

/** How the program is run and ended. */
export function processSettings(source: SourceText, context: OpenContext): ProcessSettings {
  const killSignal = Number(source.options.get('killsignal')) || undefined;
  const killTimeout = source.options.get('killtimeout');
  return {
    log: context.log,
    killSignal,
    killTimeoutMs: killTimeout === undefined ? (killSignal ? 0 : undefined) : Number(killTimeout) * 1000,
  };
}

/** Throws StreamError `unsafe_source` when the config of `section` has a list of programs and this one is not in it. */
export function checkAllowed(section: string, argv: readonly string[], allowPaths: unknown): void {
  if (!Array.isArray(allowPaths) || allowPaths.includes(argv[0])) return;
  throw new StreamError('unsafe_source', `${section}: ${argv[0]} is not in ${section}.allow_paths`);
}

/** How long the program has until its media is there. */
export function startTimeoutMs(source: SourceText): number {
  return (Number(source.options.get('starttimeout')) || START_TIMEOUT_SECONDS) * 1000;
}

/** Numbers, times and joined phrases, as the reader's language writes them. */
import { language, t } from './i18n.ts';
import type { Phrase } from './verdict.ts';

const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options);

const MEGABITS = number({ maximumFractionDigits: 1 });
const KILOBITS = number({ maximumFractionDigits: 0 });
const ONE_DIGIT = number({ maximumFractionDigits: 1 });
const TIME = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const MINUTE = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
const RELATIVE = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

/** `3.9 Mbit/s` */
export function formatBitrate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? `${MEGABITS.format(bitsPerSecond / 1e6)} Mbit/s`
    : `${KILOBITS.format(bitsPerSecond / 1e3)} kbit/s`;
}

export function formatNumber(value: number): string {
  return ONE_DIGIT.format(value);
}

/** `14:05:09` */
export function formatTime(timeMs: number): string {
  return TIME.format(timeMs);
}

/** `14:05` */
export function formatMinute(timeMs: number): string {
  return MINUTE.format(timeMs);
}

/** `5 minutes ago` */
export function formatAgo(timeMs: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - timeMs) / 1000));
  if (seconds < 60) return RELATIVE.format(-seconds, 'second');
  if (seconds < 3600) return RELATIVE.format(-Math.round(seconds / 60), 'minute');
  if (seconds < 86_400) return RELATIVE.format(-Math.round(seconds / 3600), 'hour');
  return RELATIVE.format(-Math.round(seconds / 86_400), 'day');
}

export function phraseText(phrase: Phrase): string {
  return 'text' in phrase ? phrase.text : t(phrase.key, phrase.values);
}

/** `Live · H265 1440p · 2 viewers` */
export function joinPhrases(phrases: readonly Phrase[]): string {
  return phrases.map(phraseText).join(' · ');
}

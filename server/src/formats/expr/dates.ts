/// <reference lib="esnext.temporal" />
/**
 * Dates and durations of the Expr language, which are those of Go: layouts are written as the reference time
 * `Mon Jan 2 15:04:05 MST 2006` (Go's package time, "Constants").
 */
import { StreamError } from '../../core/errors.ts';

/** Most layouts first: longer tokens hide shorter ones. */
const TOKEN =
  /January|Jan|Monday|Mon|MST|2006|Z07:00|-07:00|-0700|\.0+|\.9+|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5/g;
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'],
  ...['November', 'December'],
];
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
/** What `date` tries when it is given no layout. */
const LAYOUTS = [
  ...['2006-01-02', '15:04:05', '2006-01-02 15:04:05', '2006-01-02T15:04:05Z07:00', '02 Jan 06 15:04 MST'],
  ...['Monday, 02-Jan-06 15:04:05 MST', 'Mon, 02 Jan 2006 15:04:05 MST', 'Mon, 02 Jan 2006 15:04:05 -0700'],
];
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const invalid = (message: string): StreamError => new StreamError('invalid_source', `expr: ${message}`);
const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** A duration. */
export class Span {
  readonly nanoseconds: number;

  constructor(nanoseconds: number) {
    this.nanoseconds = nanoseconds;
  }

  /** `1h30m`, `1.5s`, `-300ms`. */
  static parse(text: string): Span {
    const [, sign, parts = ''] = /^([+-]?)((?:\d*\.?\d+(?:ns|us|\u00b5s|ms|s|m|h))+|0)$/.exec(text) ?? [];
    if (parts === '') throw invalid(`not a duration: ${text}`);
    let sum = 0;
    for (const [, number, unit = ''] of parts.matchAll(/([\d.]+)(ns|us|\u00b5s|ms|s|m|h)/g))
      sum += Number(number) * UNITS[unit]!;
    return new Span(Math.round(sign === '-' ? -sum : sum));
  }

  toString(): string {
    const absolute = Math.abs(this.nanoseconds);
    const sign = this.nanoseconds < 0 ? '-' : '';
    if (absolute === 0) return '0s';
    if (absolute < 1e3) return `${sign}${absolute}ns`;
    if (absolute < 1e6) return `${sign}${absolute / 1e3}µs`;
    if (absolute < 1e9) return `${sign}${absolute / 1e6}ms`;
    const hours = Math.floor(absolute / 3600e9);
    const minutes = Math.floor((absolute % 3600e9) / 60e9);
    const seconds = `${(absolute % 60e9) / 1e9}s`;
    if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
    return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
  }

  method(name: string): number | string | undefined {
    const units: Readonly<Record<string, number>> = { Hours: 3600e9, Minutes: 60e9, Seconds: 1e9 };
    const whole: Readonly<Record<string, number>> = { Milliseconds: 1e6, Microseconds: 1e3, Nanoseconds: 1 };
    if (Object.hasOwn(units, name)) return this.nanoseconds / units[name]!;
    if (Object.hasOwn(whole, name)) return Math.trunc(this.nanoseconds / whole[name]!);
    return name === 'String' ? this.toString() : undefined;
  }
}

/** A moment, seen in a time zone. */
export class Instant {
  readonly at: Temporal.ZonedDateTime;

  constructor(at: Temporal.ZonedDateTime) {
    this.at = at;
  }

  static now(): Instant {
    return new Instant(Temporal.Now.zonedDateTimeISO());
  }

  /** Throws StreamError when the text is not written so; without a layout the usual ones are tried. */
  static parse(text: string, layout?: string, zone = 'UTC'): Instant {
    for (const each of layout === undefined ? LAYOUTS : [layout]) {
      const at = parse(text, each, zone);
      if (at) return new Instant(at);
    }
    throw invalid(`not a date${layout === undefined ? '' : ` as in ${layout}`}: ${text}`);
  }

  plus({ nanoseconds }: Span): Instant {
    return guarded(() => new Instant(this.at.add({ nanoseconds })));
  }

  minus(other: Instant): Span {
    return new Span(Number(this.at.epochNanoseconds - other.at.epochNanoseconds));
  }

  compare(other: Instant): number {
    return Temporal.ZonedDateTime.compare(this.at, other.at);
  }

  in(zone: string): Instant {
    return guarded(() => new Instant(this.at.withTimeZone(zone)));
  }

  format(layout: string): string {
    return layout.replace(TOKEN, (token) => formatToken(token, this.at));
  }

  toString(): string {
    const { millisecond, microsecond, nanosecond } = this.at;
    const fraction = `${pad(millisecond, 3)}${pad(microsecond, 3)}${pad(nanosecond, 3)}`.replace(/0+$/, '');
    return this.format(`2006-01-02 15:04:05${fraction && `.${'0'.repeat(fraction.length)}`} -0700 MST`);
  }

  method(name: string): number | string | Instant | undefined {
    const { at } = this;
    const methods: Readonly<Record<string, () => number | string | Instant>> = {
      Year: () => at.year,
      Month: () => at.month,
      Day: () => at.day,
      Hour: () => at.hour,
      Minute: () => at.minute,
      Second: () => at.second,
      Nanosecond: () => at.millisecond * 1e6 + at.microsecond * 1e3 + at.nanosecond,
      Weekday: () => at.dayOfWeek % 7,
      YearDay: () => at.dayOfYear,
      Unix: () => Math.floor(at.epochMilliseconds / 1000),
      UnixMilli: () => at.epochMilliseconds,
      UTC: () => this.in('UTC'),
      String: () => this.toString(),
    };
    return Object.hasOwn(methods, name) ? methods[name]!() : undefined;
  }
}

/** The zone's name; throws StreamError for one that is not known. */
export function checkZone(zone: string): string {
  return guarded(() => Temporal.Now.zonedDateTimeISO(zone === 'Local' ? undefined : zone).timeZoneId);
}

function guarded<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function formatToken(token: string, at: Temporal.ZonedDateTime): string {
  const month = MONTHS[at.month - 1]!;
  const day = DAYS[at.dayOfWeek - 1]!;
  const hour12 = at.hour % 12 || 12;
  if (/^\.[09]/.test(token)) {
    const nanoseconds = pad(at.millisecond * 1e6 + at.microsecond * 1e3 + at.nanosecond, 9);
    const digits = nanoseconds.slice(0, token.length - 1);
    return token[1] === '0' ? `.${digits}` : `.${digits}`.replace(/\.?0+$/, '');
  }
  const table: Readonly<Record<string, string>> = {
    ...{ January: month, Jan: month.slice(0, 3), Monday: day, Mon: day.slice(0, 3), MST: zoneName(at) },
    ...{ '2006': pad(at.year, 4), '06': pad(at.year % 100), '01': pad(at.month), '1': `${at.month}` },
    ...{ '02': pad(at.day), _2: `${at.day}`.padStart(2), '2': `${at.day}`, '15': pad(at.hour) },
    ...{ '03': pad(hour12), '3': `${hour12}`, '04': pad(at.minute), '4': `${at.minute}` },
    ...{
      '05': pad(at.second),
      '5': `${at.second}`,
      PM: at.hour < 12 ? 'AM' : 'PM',
      pm: at.hour < 12 ? 'am' : 'pm',
    },
    ...{ '-07:00': at.offset, '-0700': at.offset.replace(':', '') },
    'Z07:00': at.offset === '+00:00' ? 'Z' : at.offset,
  };
  return table[token] ?? token;
}

function zoneName(at: Temporal.ZonedDateTime): string {
  if (at.timeZoneId === 'UTC') return 'UTC';
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: at.timeZoneId, timeZoneName: 'short' });
  const parts = format.formatToParts(at.epochMilliseconds);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? at.offset;
}

const PATTERNS: Readonly<Record<string, string>> = {
  ...{
    January: '(?<month>[A-Za-z]+)',
    Jan: '(?<month>[A-Za-z]{3})',
    Monday: '[A-Za-z]+',
    Mon: '[A-Za-z]{3}',
  },
  ...{ MST: '(?<zone>[A-Z]{3,5})', '2006': '(?<year>\\d{4})', '06': '(?<shortYear>\\d{2})' },
  ...{ '01': '(?<month>\\d{2})', '1': '(?<month>\\d{1,2})', '02': '(?<day>\\d{2})', '2': '(?<day>\\d{1,2})' },
  ...{ _2: ' ?(?<day>\\d{1,2})', '15': '(?<hour>\\d{2})', '03': '(?<hour>\\d{2})', '3': '(?<hour>\\d{1,2})' },
  ...{
    '04': '(?<minute>\\d{2})',
    '4': '(?<minute>\\d{1,2})',
    '05': '(?<second>\\d{2})(?<fraction>\\.\\d{1,9})?',
  },
  ...{ '5': '(?<second>\\d{1,2})', PM: '(?<half>AM|PM)', pm: '(?<half>am|pm)' },
  ...{ '-07:00': '(?<offset>[+-]\\d{2}:\\d{2})', '-0700': '(?<offset>[+-]\\d{4})' },
  'Z07:00': '(?<offset>Z|[+-]\\d{2}:\\d{2})',
};

function parse(text: string, layout: string, zone: string): Temporal.ZonedDateTime | undefined {
  const escapeRegExp = (part: string): string => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  let pattern = '';
  let from = 0;
  for (const { 0: token, index } of layout.matchAll(TOKEN)) {
    pattern += escapeRegExp(layout.slice(from, index)) + (PATTERNS[token] ?? '(?:\\.\\d{1,9})?');
    from = index + token.length;
  }
  const groups = guarded(() => new RegExp(`^${pattern}${escapeRegExp(layout.slice(from))}$`)).exec(
    text,
  )?.groups;
  if (!groups) return undefined;
  const number = (name: string, otherwise: number): number =>
    groups[name] ? Number(groups[name]) : otherwise;
  const named = MONTHS.findIndex((month) => month.slice(0, 3) === groups.month?.slice(0, 3)) + 1;
  const short = number('shortYear', 0);
  const half = groups.half?.toUpperCase();
  const hour = number('hour', 0);
  const offset = groups.offset === 'Z' ? 'UTC' : groups.offset?.replace(/^(...)(\d\d)$/, '$1:$2');
  const nanoseconds = Math.round(number('fraction', 0) * 1e9);
  try {
    return Temporal.PlainDateTime.from(
      {
        year: groups.shortYear ? short + (short >= 69 ? 1900 : 2000) : number('year', 0),
        month: named || number('month', 1),
        day: number('day', 1),
        hour: half === undefined ? hour : (hour % 12) + (half === 'PM' ? 12 : 0),
        minute: number('minute', 0),
        second: number('second', 0),
      },
      { overflow: 'reject' },
    )
      .add({ nanoseconds })
      .toZonedDateTime(offset ?? zone);
  } catch {
    return undefined;
  }
}

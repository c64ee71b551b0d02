/** Numbers with units, as the reader's language writes them. */
import { language } from '../../lib/i18n.ts';

type Unit = readonly [size: number, unit: string];

const RATES: readonly Unit[] = [
  [1e6, 'megabit-per-second'],
  [1e3, 'kilobit-per-second'],
  [1, 'bit-per-second'],
];
const SIZES: readonly Unit[] = [
  [1e12, 'terabyte'],
  [1e9, 'gigabyte'],
  [1e6, 'megabyte'],
  [1e3, 'kilobyte'],
  [1, 'byte'],
];
const formats = new Map<string, Intl.NumberFormat>();

/** `3.9 Mb/s` */
export function formatRate(bitsPerSecond: number): string {
  return format(bitsPerSecond, RATES);
}

/** `12 MB` */
export function formatBytes(bytes: number): string {
  return format(bytes, SIZES);
}

function format(value: number, units: readonly Unit[]): string {
  const [size, unit] = units.find(([least]) => value >= least) ?? units.at(-1)!;
  const scaled = value / size;
  const digits = scaled < 10 && size > 1 ? 1 : 0;
  const key = `${unit} ${digits}`;
  let formatter = formats.get(key);
  if (!formatter) {
    formatter = new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: digits });
    formats.set(key, formatter);
  }
  return formatter.format(scaled);
}

/** `12,345` */
export function formatNumber(value: number): string {
  return value.toLocaleString(language);
}

/** Sizes, as the reader's language writes them. */
import { language } from '../../lib/i18n.ts';

const UNITS = [
  [1e12, 'terabyte'],
  [1e9, 'gigabyte'],
  [1e6, 'megabyte'],
  [1e3, 'kilobyte'],
  [1, 'byte'],
] as const;

/** `12.3 MB` */
export function formatBytes(bytes: number): string {
  const [size, unit] = UNITS.find(([least]) => bytes >= least) ?? UNITS.at(-1)!;
  const options = { style: 'unit', unit, maximumFractionDigits: size > 1 ? 1 : 0 } as const;
  return (bytes / size).toLocaleString(language, options);
}

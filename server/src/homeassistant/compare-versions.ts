/**
 * The order of versions such as `1.10.0`, `1.10.0-beta.2`, `1.10.0b2`: below zero where `a` is the older. Numbers count as
 * numbers, and a version with letters after it comes before the one without.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePart(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `1.10.0-beta.2+build` → [1, 10, 0, 'beta', 2] */
function parts(version: string): (number | string)[] {
  const words = version.replace(/^v|\+.*$/g, '').match(/\d+|[a-z]+/gi) ?? [];
  return words.map((word) => (/^\d/.test(word) ? Number(word) : word.toLowerCase()));
}

/** A missing part is 0, and every number is later than letters are. */
function comparePart(a: number | string = 0, b: number | string = 0): number {
  if (typeof a !== typeof b) return typeof a === 'string' ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** How several pictures are arranged. Pure. */

const COLUMNS = [2, 3, 4] as const;

/** Columns that leave the fewest holes in the last row: 2 × 2 rather than 3 + 1; of these the squarest. */
export function bestColumns(count: number): number {
  if (count <= 3) return count;
  const holes = (columns: number) => Math.ceil(count / columns) * columns - count;
  const skew = (columns: number) => Math.abs(columns - Math.sqrt(count));
  return COLUMNS.toSorted((a, b) => holes(a) - holes(b) || skew(a) - skew(b))[0]!;
}

/**
 * Colours of a terminal: Select Graphic Rendition. Source of truth: ECMA-48 §8.3.117; palettes as xterm has them
 * (xterm control sequences, "CSI Pm m").
 *
 *   8     30 … 37, behind 40 … 47
 *   256   38;5;n, behind 48;5;n      16 + 36 r + 6 g + b of a cube with six steps, 232 … 255 greys
 *   rgb   38;2;r;g;b, behind 48;2;r;g;b
 */
import type { Colours } from './options.ts';

const CUBE_STEPS = [0, 95, 135, 175, 215, 255] as const;
const CUBE_START = 16;
const GREY_START = 232;
const GREY_STEPS = 24;
const FIRST_GREY = 8;
const GREY_STEP = 10;
const PALETTE_8 = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
] as const;

/** Gives the SGR parameters of a colour. */
export type Painter = (red: number, green: number, blue: number) => string;

/** The painter of characters (`color`) or of what is behind them (`back`); undefined where the terminal's colours stay. */
export function createPainter(colours: Colours, place: 'color' | 'back'): Painter | undefined {
  if (colours === undefined) return undefined;
  if (typeof colours === 'object') return () => colours.fixed;
  const base = place === 'color' ? 30 : 40;
  if (colours === '8') return (red, green, blue) => String(base + nearestOf8(red, green, blue));
  const extended = base + 8;
  if (colours === '256') return (red, green, blue) => `${extended};5;${nearestOf256(red, green, blue)}`;
  return (red, green, blue) => `${extended};2;${red};${green};${blue}`;
}

/** Number of the nearest of the eight colours. */
export function nearestOf8(red: number, green: number, blue: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  PALETTE_8.forEach(([r, g, b], index) => {
    const distance = distanceOf(red - r, green - g, blue - b);
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

/** Number of the nearest colour of the cube or the greys. */
export function nearestOf256(red: number, green: number, blue: number): number {
  const [r, g, b] = [nearestStep(red), nearestStep(green), nearestStep(blue)];
  const inCube = distanceOf(red - CUBE_STEPS[r]!, green - CUBE_STEPS[g]!, blue - CUBE_STEPS[b]!);
  const mean = (red + green + blue) / 3;
  const grey = Math.max(0, Math.min(GREY_STEPS - 1, Math.round((mean - FIRST_GREY) / GREY_STEP)));
  const level = FIRST_GREY + GREY_STEP * grey;
  if (distanceOf(red - level, green - level, blue - level) < inCube) return GREY_START + grey;
  return CUBE_START + 36 * r + 6 * g + b;
}

/** Steps are 0, 95 and then 40 apart. */
function nearestStep(value: number): number {
  if (value < 48) return 0;
  return value < 115 ? 1 : Math.min(5, Math.round((value - 55) / 40));
}

const distanceOf = (red: number, green: number, blue: number): number =>
  red * red + green * green + blue * blue;

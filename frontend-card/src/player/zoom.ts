/**
 * The maths of looking closer. Pure: the picture is 1 × 1, seen through a frame of 1 × 1.
 *
 *   x, y    where the picture's corner is, in frames: 0 … 1 - scale
 *   scale   1 … 8
 */

export interface Look {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Look = { scale: 1, x: 0, y: 0 };
const MAX_SCALE = 8;

/** Magnifies by `factor` around a point of the frame, which stays where it is. */
export function zoomAt(look: Look, factor: number, at: { readonly x: number; readonly y: number }): Look {
  const scale = Math.min(MAX_SCALE, Math.max(1, look.scale * factor));
  const ratio = scale / look.scale;
  return inside({ scale, x: at.x - (at.x - look.x) * ratio, y: at.y - (at.y - look.y) * ratio });
}

/** Moves the picture by parts of the frame. */
export function panBy(look: Look, dx: number, dy: number): Look {
  return inside({ scale: look.scale, x: look.x + dx, y: look.y + dy });
}

/** As a CSS transform of an element whose transform-origin is its corner. */
export function transformOf({ scale, x, y }: Look): string {
  return scale === 1 ? 'none' : `translate(${percent(x)}, ${percent(y)}) scale(${scale.toFixed(3)})`;
}

/** The picture covers the frame. */
function inside({ scale, x, y }: Look): Look {
  if (scale <= 1.01) return WHOLE;
  const clamp = (value: number) => Math.min(0, Math.max(1 - scale, value));
  return { scale, x: clamp(x), y: clamp(y) };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}

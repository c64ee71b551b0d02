/** Pictures turned by a quarter: cameras hang on walls and ceilings. */
import { StreamError } from '../core/errors.ts';

/** Degrees, clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

const ROTATIONS: readonly Rotation[] = [0, 90, 180, 270];

/** Reads `rotate`; -90 is 270, absent is 0. Throws StreamError `invalid`. */
export function rotationFromQuery(query: URLSearchParams): Rotation {
  const degrees = (Number(query.get('rotate') ?? 0) + 360) % 360;
  const rotation = ROTATIONS.find((value) => value === degrees);
  if (rotation === undefined) throw new StreamError('invalid', 'rotate is one of 0, 90, 180, 270 and -90');
  return rotation;
}

/**
 * Where segments and parts of segments end: pure functions on media time.
 *
 *   frames     K . . . . . . . . . K . . . . . . . . . . . . . . . . . . . . K        K: key frame
 *   segments  [         0         |            1            |      2        |  …      1 is cut short: a long group of pictures
 *   parts     [   |   |   |   |   |   |   |   |   |   |   |   |   |   |   |           all but the last of a segment alike
 *
 * Segments end at key frames that are at least 0.9 s after their start, or earlier where the segment did not begin
 * with one. The target duration must never change (RFC 8216 §6.2.1), and nobody knows how long the camera's groups of
 * pictures will be: it comes from what has been seen of the stream, and a segment that would pass it is cut anywhere.
 */

/** What stands in the playlist for good. */
export interface Plan {
  /** EXT-X-TARGETDURATION: whole seconds. No segment is longer when rounded. */
  readonly targetSeconds: number;
  /** PART-TARGET. */
  readonly partSeconds: number;
}

/** The segment, or part, that is being filled, up to the start of the next chunk. */
export interface Filling {
  readonly seconds: number;
  readonly bytes: number;
  readonly chunks: number;
  /** Begins with a key frame. */
  readonly independent: boolean;
}

const LEAST_SEGMENT_SECONDS = 0.9;
/** What the first playlist must hold: a picture is shown at once, and this much is played while the next part is made. */
export const FIRST_SEGMENT_SECONDS = 0.5;
/** A target duration holds for what rounds to it; groups of pictures that come near are given one more. */
const ROUNDING_SECONDS = 0.45;
const ROUNDING_DOWN_SECONDS = 0.35;
const USUAL_TARGET_SECONDS = 2;
const LONGEST_TARGET_SECONDS = 12;
/** For groups of pictures beyond that. */
const LONG_GOP_TARGET_SECONDS = 6;
const MAXIMUM_SEGMENT_BYTES = 16 << 20;
const MAXIMUM_SEGMENT_CHUNKS = 4096;

const USUAL_PART_SECONDS = 0.3;
/** A part is this much of the part target, so that frames that come unevenly do not pass it. */
const PART_FILL = 0.9;
/** Parts must be at least this much of the part target (draft-pantos-hls-rfc8216bis §4.4.4.9). */
const LEAST_PART_FILL = 0.85;

/**
 * Chooses the durations. `gopSeconds` is the longest distance of key frames known of the stream, 0 if none is;
 * `pendingSeconds` how long the present group of pictures is already; `frameSeconds` the distance of its frames.
 */
export function planSegments(gopSeconds: number, pendingSeconds: number, frameSeconds: number): Plan {
  return {
    targetSeconds: targetSeconds(gopSeconds, pendingSeconds),
    partSeconds: partSeconds(frameSeconds),
  };
}

function targetSeconds(gopSeconds: number, pendingSeconds: number): number {
  const pending = pendingSeconds > gopSeconds ? Math.ceil(pendingSeconds + ROUNDING_SECONDS) : 0;
  const known = gopSeconds > 0 ? wholeGroups(gopSeconds) : USUAL_TARGET_SECONDS;
  const wanted = Math.max(pending, Math.ceil(known - ROUNDING_DOWN_SECONDS), 1);
  return wanted > LONGEST_TARGET_SECONDS ? LONG_GOP_TARGET_SECONDS : wanted;
}

/** Short groups of pictures share a segment. */
const wholeGroups = (gopSeconds: number): number =>
  gopSeconds * Math.max(1, Math.ceil(LEAST_SEGMENT_SECONDS / gopSeconds));

function partSeconds(frameSeconds: number): number {
  const frames = Math.max(1, Math.round(USUAL_PART_SECONDS / frameSeconds));
  return Math.ceil(((frames * frameSeconds) / PART_FILL) * 1000) / 1000;
}

/** Whether the segment ends before a chunk of this kind and about this duration. */
export function endsSegment(filling: Filling, plan: Plan, key: boolean, chunkSeconds: number): boolean {
  const { seconds, bytes, chunks, independent } = filling;
  if (chunks === 0) return false;
  if (key && (!independent || seconds >= LEAST_SEGMENT_SECONDS)) return true;
  if (seconds + chunkSeconds > plan.targetSeconds + ROUNDING_SECONDS) return true;
  return bytes > MAXIMUM_SEGMENT_BYTES || chunks > MAXIMUM_SEGMENT_CHUNKS;
}

/** Whether the part ends before a chunk of about this duration. */
export function endsPart(
  filling: Pick<Filling, 'seconds' | 'chunks'>,
  plan: Plan,
  chunkSeconds: number,
): boolean {
  const { seconds, chunks } = filling;
  if (chunks === 0) return false;
  return seconds >= LEAST_PART_FILL * plan.partSeconds || seconds + chunkSeconds > plan.partSeconds;
}

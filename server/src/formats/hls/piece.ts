/** What segments are made of: a chunk of a muxer, on the segmenter's own time line. */
export interface Piece {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  readonly key: boolean;
  /** Made of a video packet. */
  readonly picture: boolean;
  /** Never decreases by more than a blink. */
  readonly startSeconds: number;
  /** As far as known before the next one comes. */
  readonly seconds: number;
  /** Wall clock of its first packet, ms since 1970. */
  readonly timeMs: number;
  /** Time stamps do not follow those before it: the segment ends here. */
  readonly discontinuity?: boolean;
}

/** The MP4 output: viewers that accept the same and ask for the same presentation share one muxer. */
import type { Accepts, Output } from '../../core/model.ts';
import type { Mp4Chunk } from './fragment.ts';
import { Mp4Muxer, type Mp4Options } from './muxer.ts';

/** Makes the output. Tracks are chosen by `accepts`. */
export function createMp4Output(accepts: Accepts, options: Mp4Options = {}): Output<Mp4Chunk> {
  const { rotation = 0, pixelAspect = [1, 1], parameterSetsInBand = false } = options;
  return {
    key: `mp4 ${rotation} ${pixelAspect.join(':')} ${parameterSetsInBand}`,
    accepts,
    createMuxer: (tracks) => new Mp4Muxer(tracks, options),
  };
}

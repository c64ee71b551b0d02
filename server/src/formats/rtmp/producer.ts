/** `rtmp:`, `rtmps:`, `rtmpx:` (rtmps with any certificate): pulled by the system's FFmpeg, without transcoding. */
import type { Producer } from '../../core/model.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';

/** Opens the address with FFmpeg, which does not check certificates of its own accord. */
export function open(source: SourceText, context: OpenContext): Promise<Producer> {
  return context.services.open(`ffmpeg:${source.text.replace(/^rtmpx:/i, 'rtmps:')}`, context);
}

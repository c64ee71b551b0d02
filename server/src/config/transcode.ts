/**
 * Transcoding in its forms, made one: for all streams, and for one of them.
 *
 *   transcode: never
 *   transcode: {mode: auto, limit: 2, hardware: vaapi}
 *   streams:
 *     front: {url: rtsp://camera/1, transcode: never}
 */
import type { Config } from './schema.ts';

export interface TranscodeConfig {
  readonly mode: 'auto' | 'never';
  /** Undefined: as many as the machine can take. */
  readonly limit: number | undefined;
  /** `auto`, `off`, or the name of an engine. */
  readonly hardware: string;
}

/** What holds for this stream. */
export function transcodeConfig(
  config: Pick<Config, 'streams' | 'transcode'>,
  stream: string,
): TranscodeConfig {
  const { transcode } = config;
  const section = typeof transcode === 'string' ? { mode: transcode } : (transcode ?? {});
  const value = Object.hasOwn(config.streams, stream) ? config.streams[stream] : undefined;
  const own = value && typeof value === 'object' && !Array.isArray(value) ? value.transcode : undefined;
  const { mode = 'auto', limit, hardware = 'auto' } = section;
  return { mode: own ?? mode, limit, hardware };
}

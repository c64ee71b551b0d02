/**
 * The `streams` section in its four forms, made one.
 *
 *   front: rtsp://camera/1                 one source
 *   back: [rtsp://camera/1, ffmpeg:back#audio=opus]
 *   old: {url: rtsp://camera/1}            Home Assistant's old form; may hold `transcode: never` (transcode.ts)
 *   upload:                                none: somebody publishes to it
 */
import type { Config, StreamValue } from './schema.ts';

export interface StreamConfig {
  readonly name: string;
  /** In the order in which they are tried. */
  readonly sources: readonly string[];
}

/** The streams of a configuration, in its order. */
export function streamList(config: Pick<Config, 'streams'>): StreamConfig[] {
  return Object.entries(config.streams).map(([name, value]) => ({ name, sources: sourcesOf(value) }));
}

function sourcesOf(value: StreamValue): string[] {
  if (value === null) return [];
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()];
  if (Array.isArray(value)) return value.map((source) => source.trim()).filter(Boolean);
  return sourcesOf(value.url ?? null);
}

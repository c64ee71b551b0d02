/**
 * HLS over HTTP: what is asked of a viewer's id.
 *
 *   GET hls/playlist.m3u8?id=I                               at once, the very first after half a second of media
 *   GET hls/playlist.m3u8?id=I&_HLS_msn=7&_HLS_part=2        when part 2 of segment 7 is complete
 *   GET hls/init.mp4?id=I&n=0
 *   GET hls/segment.m4s?id=I&n=7                             a segment
 *   GET hls/segment.m4s?id=I&n=7&part=2                      a part of it; the next one as soon as it is complete
 *   GET hls/segment.ts?id=I&n=7
 *
 * Source of truth: draft-pantos-hls-rfc8216bis §6.2.5.2 (blocking playlist reload), §6.2.6 (preload hints); RFC 8216.
 */
import { codecString } from '../../codecs/codec-string.ts';
import { StreamError } from '../../core/errors.ts';
import { mp4CodecString } from '../mp4/mime.ts';
import { ID_PLACEHOLDER, writeMasterPlaylist, writeMediaPlaylist } from './playlist-writer.ts';
import type { Payload } from './segment-window.ts';
import type { Segmenter } from './segmenter.ts';
import type { HlsSession } from './sessions.ts';

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

/** Until the first media is there: a camera with a long way between frames, or one that is slow to start. */
const FIRST_PLAYLIST_TIMEOUT_MS = 15_000;
/** A blocked reload gets 503 after three target durations, a part after as long. */
const BLOCK_TARGETS = 3;
/** A player may ask for this many segments beyond the newest. */
const MAXIMUM_ADVANCE = 2;
const DEFAULT_BANDWIDTH = 2_000_000;
/** Over what was measured: a peak is more than the mean. */
const PEAK = 1.5;

/** The first level for a viewer; its one address is relative to `/api/`. */
export function masterPlaylist({ id, container, tracks, segmenter }: HlsSession): string {
  const video = tracks.find(({ codec }) => codec.kind === 'video')?.codec;
  const size = video?.kind === 'video' && video.width > 0 && video.height > 0 ? video : undefined;
  const name = container === 'fmp4' ? mp4CodecString : codecString;
  return writeMasterPlaylist({
    uri: `hls/playlist.m3u8?id=${id}`,
    bandwidth: PEAK * segmenter.measure.bitrate || DEFAULT_BANDWIDTH,
    codecs: tracks.map(({ codec }) => (codec.name === 'flac' ? 'fLaC' : name(codec))),
    resolution: size,
    frameRate: segmenter.measure.frameRate,
  });
}

/** What a player waits for, from `_HLS_msn` and `_HLS_part`. */
export interface Awaited {
  readonly sequence: number;
  readonly part?: number | undefined;
}

/** The second level as text. Rejects with StreamError: `invalid` for an unreasonable wait, `limit` when it takes too long. */
export async function mediaPlaylist(
  session: HlsSession,
  awaited: Awaited | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { id, segmenter } = session;
  await segmenter.wait(() => segmenter.ready, FIRST_PLAYLIST_TIMEOUT_MS, signal);
  if (awaited && session.container === 'fmp4') await block(segmenter, awaited, signal);
  const text = textOf(segmenter);
  if (text === undefined) throw new StreamError('timeout', 'no media from the camera yet');
  return text.replaceAll(ID_PLACEHOLDER, id);
}

async function block(segmenter: Segmenter, { sequence, part }: Awaited, signal: AbortSignal): Promise<void> {
  const { plan, edge } = segmenter;
  const advanceParts = plan.partSeconds < 1 ? Math.ceil(3 / plan.partSeconds) : 3;
  const ahead = sequence > edge.sequence + MAXIMUM_ADVANCE;
  const partAhead = sequence === edge.sequence + 1 && (part ?? 0) > edge.parts + advanceParts;
  if (ahead || partAhead) throw new StreamError('invalid', '_HLS_msn is too far ahead');
  if (!(await available(segmenter, sequence, part, signal)))
    throw new StreamError('limit', 'the camera has sent nothing for too long');
}

async function available(
  segmenter: Segmenter,
  sequence: number,
  part: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const has = (): boolean => segmenter.has(sequence, part);
  await segmenter.wait(has, BLOCK_TARGETS * 1000 * segmenter.plan.targetSeconds, signal);
  return has() || segmenter.ended;
}

interface Rendered {
  readonly version: number;
  readonly text: string | undefined;
}

const rendered = new WeakMap<Segmenter, Rendered>();

/** The same text for all viewers, but for their ids. */
function textOf(segmenter: Segmenter): string | undefined {
  const earlier = rendered.get(segmenter);
  if (earlier?.text !== undefined && earlier.version === segmenter.version) return earlier.text;
  const playlist = segmenter.playlist();
  const text = playlist && writeMediaPlaylist(playlist);
  rendered.set(segmenter, { version: segmenter.version, text });
  return text;
}

/** The initialization segment; the newest without a number. */
export function initSegmentOf({ segmenter }: HlsSession, index: number | undefined): Payload {
  const init = segmenter.init(index);
  if (!init) throw new StreamError('not_found', 'no such initialization segment, or not any more');
  return init;
}

/** A segment or a part; one that comes next is waited for. Rejects with StreamError `not_found`. */
export async function segmentOf(
  { segmenter }: HlsSession,
  sequence: number,
  part: number | undefined,
  signal: AbortSignal,
): Promise<Payload> {
  const { edge } = segmenter;
  const isNext = sequence === edge.sequence + 1 && (part === undefined || part <= edge.parts);
  if (isNext) await available(segmenter, sequence, part, signal);
  const payload = segmenter.get(sequence, part);
  if (!payload) throw new StreamError('not_found', 'no such segment, or not any more');
  return payload;
}

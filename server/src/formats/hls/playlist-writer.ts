/**
 * Playlists as text. The parser is the twin (playlist-parser.ts).
 *
 *   #EXTM3U
 *   #EXT-X-VERSION:9
 *   #EXT-X-TARGETDURATION:2
 *   #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.068
 *   #EXT-X-PART-INF:PART-TARGET=0.356
 *   #EXT-X-MEDIA-SEQUENCE:5
 *   #EXT-X-INDEPENDENT-SEGMENTS
 *   #EXT-X-MAP:URI="init.mp4?id=…"
 *   #EXT-X-PROGRAM-DATE-TIME:2026-11-27T12:00:00.000Z
 *   #EXT-X-PART:DURATION=0.32,URI="segment.m4s?id=…&n=5&part=0",INDEPENDENT=YES
 *   #EXTINF:2,
 *   segment.m4s?id=…&n=5
 *   #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment.m4s?id=…&n=6&part=0"
 *
 * Source of truth: RFC 8216 §4.3; draft-pantos-hls-rfc8216bis §4.4 and appendix B for low latency.
 */

/** The first level: one variant. */
export interface MasterPlaylist {
  readonly uri: string;
  /** Bits a second at the peak. */
  readonly bandwidth: number;
  /** RFC 6381, in the order of the tracks. */
  readonly codecs: readonly string[];
  readonly resolution?: { readonly width: number; readonly height: number } | undefined;
  readonly frameRate?: number | undefined;
}

export interface PartEntry {
  readonly seconds: number;
  readonly independent: boolean;
}

export interface SegmentEntry {
  readonly sequence: number;
  /** Exact once the segment is complete. */
  readonly seconds: number;
  /** Begins with a key frame. */
  readonly independent: boolean;
  /** Time stamps or tracks have nothing to do with those of the segment before. */
  readonly discontinuity: boolean;
  /** Which initialization segment it needs. */
  readonly initIndex: number;
  /** Wall clock of its start, ms since 1970. */
  readonly timeMs: number;
  readonly parts: readonly PartEntry[];
}

/** A media playlist at one moment. */
export interface MediaPlaylist {
  /** With parts: low latency. */
  readonly container: 'fmp4' | 'mpegts';
  readonly targetSeconds: number;
  readonly partSeconds: number;
  /** Complete, at least one. */
  readonly segments: readonly SegmentEntry[];
  /** The one that is being made; undefined before its first chunk, and after the end. */
  readonly current: SegmentEntry | undefined;
  /** Discontinuities that have left the playlist. */
  readonly discontinuitySequence: number;
  readonly ended: boolean;
}

/** Parts are listed up to this many target durations from the end (§4.4.4.9). */
const PARTS_WINDOW_TARGETS = 3;
/** PART-HOLD-BACK should be at least three part targets (§4.4.3.8). */
const HOLD_BACK_PARTS = 3;
/** Without low latency players begin so far from the end (RFC 8216 §6.3.3). */
const HOLD_BACK_TARGETS = 3;

/** Where the session id goes in the text of `writeMediaPlaylist`: one text serves all sessions. */
export const ID_PLACEHOLDER = '\0';

export function writeMasterPlaylist({
  uri,
  bandwidth,
  codecs,
  resolution,
  frameRate,
}: MasterPlaylist): string {
  const attributes = [
    `BANDWIDTH=${Math.max(1, Math.round(bandwidth))}`,
    ...(codecs.length > 0 ? [`CODECS="${codecs.join(',')}"`] : []),
    ...(resolution ? [`RESOLUTION=${resolution.width}x${resolution.height}`] : []),
    ...(frameRate ? [`FRAME-RATE=${frameRate.toFixed(3)}`] : []),
  ];
  return `#EXTM3U\n#EXT-X-STREAM-INF:${attributes.join(',')}\n${uri}\n`;
}

export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  const { container, targetSeconds, partSeconds, segments, current, discontinuitySequence, ended } = playlist;
  const lowLatency = container === 'fmp4';
  const known = current ? [...segments, current] : segments;
  const independent = known.every((segment) => segment.independent);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${lowLatency ? 9 : 6}`,
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    ...(lowLatency ? lowLatencyHeader(partSeconds) : []),
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.sequence ?? 0}`,
    ...(discontinuitySequence > 0 ? [`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`] : []),
    ...(independent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : startHint(playlist)),
  ];
  let initIndex: number | undefined;
  let remaining = known.reduce((sum, { seconds }) => sum + seconds, 0);
  for (const segment of known) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (lowLatency && segment.initIndex !== initIndex) {
      initIndex = segment.initIndex;
      lines.push(`#EXT-X-MAP:URI="${initUri(initIndex)}"`);
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.timeMs).toISOString()}`);
    if (lowLatency && remaining - segment.seconds < PARTS_WINDOW_TARGETS * targetSeconds) {
      lines.push(...segment.parts.map((part, index) => partLine(segment.sequence, index, part)));
    }
    remaining -= segment.seconds;
    if (segment !== current) {
      lines.push(`#EXTINF:${decimal(segment.seconds)},`, segmentUri(container, segment.sequence));
    }
  }
  if (ended) lines.push('#EXT-X-ENDLIST');
  else if (lowLatency) lines.push(preloadHint(segments, current));
  return `${lines.join('\n')}\n`;
}

const lowLatencyHeader = (partSeconds: number): string[] => [
  `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${decimal(HOLD_BACK_PARTS * partSeconds)}`,
  `#EXT-X-PART-INF:PART-TARGET=${decimal(partSeconds)}`,
];

/**
 * Where a player would begin at a segment that does not begin with a key frame: the nearest place to the end that it can
 * begin at. With low latency that is as near as parts allow.
 */
function startHint({ container, segments, current, targetSeconds, partSeconds }: MediaPlaylist): string[] {
  const lowLatency = container === 'fmp4';
  const leastSeconds = lowLatency ? HOLD_BACK_PARTS * partSeconds : targetSeconds;
  const reachSeconds = lowLatency ? leastSeconds : HOLD_BACK_TARGETS * targetSeconds;
  const known = current ? [...segments, current] : segments;
  let fromEnd = 0;
  let isNeeded = false;
  let offset: number | undefined;
  for (const { seconds, independent } of known.toReversed()) {
    if (!independent && fromEnd < reachSeconds) isNeeded = true;
    fromEnd += seconds;
    if (independent && (offset ?? 0) < leastSeconds) offset = fromEnd;
  }
  return isNeeded && offset !== undefined ? [`#EXT-X-START:TIME-OFFSET=-${decimal(offset)}`] : [];
}

function partLine(sequence: number, index: number, { seconds, independent }: PartEntry): string {
  const uri = partUri(sequence, index);
  return `#EXT-X-PART:DURATION=${decimal(seconds)},URI="${uri}"${independent ? ',INDEPENDENT=YES' : ''}`;
}

function preloadHint(segments: readonly SegmentEntry[], current: SegmentEntry | undefined): string {
  const next = current?.sequence ?? (segments.at(-1)?.sequence ?? -1) + 1;
  return `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${partUri(next, current?.parts.length ?? 0)}"`;
}

const initUri = (index: number): string => `init.mp4?id=${ID_PLACEHOLDER}&n=${index}`;
const segmentUri = (container: MediaPlaylist['container'], sequence: number): string =>
  `segment.${container === 'fmp4' ? 'm4s' : 'ts'}?id=${ID_PLACEHOLDER}&n=${sequence}`;
const partUri = (sequence: number, part: number): string => `${segmentUri('fmp4', sequence)}&part=${part}`;

/** Five decimals at most: RFC 8216 wants more than players' clocks resolve, and no exponents. */
const decimal = (seconds: number): string => String(Number(seconds.toFixed(5)));

/**
 * The HLS output: a muxer that gives its chunks to a segmenter, and none to the Broadcast. All viewers of a stream that
 * accept the same share it; they are members of the Broadcast so that the stream knows them, and ask for what they want.
 *
 *   packet → mp4 or mpegts muxer → chunk → Segmenter ←─ HTTP requests
 */
import type { Accepts, Chunk, Muxer, Output, Packet, Track } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { mp4AcceptsFromQuery } from '../mp4/accepts.ts';
import type { Mp4Chunk } from '../mp4/fragment.ts';
import { Mp4Muxer } from '../mp4/muxer.ts';
import { PlaybackTime } from '../mp4/playback-time.ts';
import { createMpegtsMuxer, type MpegtsMuxer } from '../mpegts/muxer.ts';
import { Interleaver } from './interleaver.ts';
import { leadingTables } from './leading-tables.ts';
import type { KnownTiming } from './measure.ts';
import type { Piece } from './piece.ts';
import { Segmenter } from './segmenter.ts';

export type Container = 'fmp4' | 'mpegts';

/** What MPEG-TS carries that players of HLS know. */
const ACCEPT_MPEGTS: Accepts = [
  { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] },
  { kind: 'audio', codecs: [{ name: 'aac' }, { name: 'mp3' }] },
];

/** The muxer that viewers get to see. */
export interface HlsMuxer extends Muxer {
  readonly segmenter: Segmenter;
}

/** What a query asks for: fMP4 where it names codecs, else MPEG-TS. Throws StreamError as `mp4AcceptsFromQuery`. */
export function hlsOutputFromQuery(stream: Stream, query: URLSearchParams): HlsOutput {
  const fragmented = ['mp4', 'video', 'audio'].some((name) => query.has(name));
  return fragmented
    ? createHlsOutput(stream, 'fmp4', mp4AcceptsFromQuery(query))
    : createHlsOutput(stream, 'mpegts', ACCEPT_MPEGTS);
}

export interface HlsOutput extends Output {
  readonly container: Container;
}

/** Makes the output; one segmenter lives as long as it, through changes of the tracks. */
export function createHlsOutput(stream: Stream, container: Container, accepts: Accepts): HlsOutput {
  let segmenter: Segmenter | undefined;
  const playback = new PlaybackTime();
  const transport = new TransportTime();
  let earlier: MpegtsMuxer | undefined;
  return {
    container,
    key: `hls ${container}`,
    accepts,
    createMuxer(tracks): HlsMuxer {
      segmenter ??= new Segmenter(container, knownTiming(stream));
      if (container === 'fmp4') return fragmentedMuxer(tracks, segmenter, playback);
      earlier = createMpegtsMuxer(tracks, earlier);
      return transportMuxer(earlier, segmenter, transport);
    },
  };
}

const timings = new WeakMap<Stream, KnownTiming>();

function knownTiming(stream: Stream): KnownTiming {
  const known = timings.get(stream) ?? { gopSeconds: 0 };
  timings.set(stream, known);
  return known;
}

function fragmentedMuxer(tracks: readonly Track[], segmenter: Segmenter, time: PlaybackTime): HlsMuxer {
  const inner = new Mp4Muxer(tracks);
  segmenter.restart(tracks, { init: inner.header });
  time.restart();
  return hlsMuxer(inner, segmenter, (chunk) => fragmentTimes(chunk, time));
}

/** What a chunk is to the segmenter, but for what its packet tells. */
type Placed = Omit<Piece, 'key' | 'bytes' | 'timeMs' | 'picture'>;

/** The stamped head and the shared body, on the one time line of all viewers. */
function fragmentTimes(chunk: Mp4Chunk, time: PlaybackTime): Placed | undefined {
  const head = time.stamp(chunk);
  if (!head) return undefined;
  const { duration, timescale } = chunk.runs[0]!;
  return {
    buffers: [head, ...chunk.body],
    startSeconds: time.at(chunk.seconds),
    seconds: duration / timescale,
  };
}

function transportMuxer(inner: MpegtsMuxer, segmenter: Segmenter, time: TransportTime): HlsMuxer {
  segmenter.restart(inner.tracks, { init: [], lead: (first) => leadingTables(inner, first) });
  return hlsMuxer(inner, segmenter, (chunk) => ({ buffers: chunk.body, ...time.place(chunk.seconds) }));
}

/** A stream that stands still for longer than this goes on behind a discontinuity. */
const HOLE_SECONDS = 2;
const USUAL_STEP_SECONDS = 0.04;

/** Where chunks of a transport stream stand among the segments: their time stamps are those of the stream, holes included. */
class TransportTime {
  #shiftSeconds = 0;
  #lastSeconds: number | undefined;
  #stepSeconds = USUAL_STEP_SECONDS;

  place(streamSeconds: number): Pick<Piece, 'startSeconds' | 'seconds' | 'discontinuity'> {
    const gap = streamSeconds - (this.#lastSeconds ?? streamSeconds - this.#stepSeconds);
    const discontinuity = gap > HOLE_SECONDS + this.#stepSeconds;
    if (discontinuity) this.#shiftSeconds -= gap - this.#stepSeconds;
    else if (gap > 0) this.#stepSeconds = gap;
    this.#lastSeconds = streamSeconds;
    return { startSeconds: streamSeconds + this.#shiftSeconds, seconds: this.#stepSeconds, discontinuity };
  }
}

function hlsMuxer<C extends Chunk>(
  inner: Muxer<C>,
  segmenter: Segmenter,
  place: (chunk: C) => Placed | undefined,
): HlsMuxer {
  const interleaver = new Interleaver(segmenter.tracks, (packet) => {
    const chunk = inner.mux(packet);
    const placed = chunk && place(chunk);
    if (!chunk || !placed) return;
    const { key, bytes } = chunk;
    const picture = packet.track.codec.kind === 'video';
    segmenter.add({ ...placed, key, bytes, picture, timeMs: packet.time });
  });
  return {
    segmenter,
    contentType: inner.contentType,
    header: [],
    mux(packet: Packet) {
      interleaver.push(packet);
      return undefined;
    },
  };
}

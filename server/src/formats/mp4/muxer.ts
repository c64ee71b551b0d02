/**
 * Fragmented MP4 of live tracks: one fragment per video packet, with the audio that came since the last one.
 *
 *   packets   V0  A0  A1  V1  A2  V2          V: written at once       A: held until the next V,
 *   chunks   [V0]     [V1 A0 A1]  [V2 A2]                                 at most 100 ms
 *
 * Where audio stays away for a second, silence takes its place (silence.ts). Packet data is passed on as it is: 4-byte
 * lengths are what avc1 and hvc1 store.
 */
import type { Codec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import { parseHvcC } from '../../codecs/hevc.ts';
import { joinNals } from '../../codecs/nal.ts';
import type { Muxer, Packet, Track } from '../../core/model.ts';
import { createFragment, type Mp4Chunk, type Run, type Sample } from './fragment.ts';
import { initSegment, type Presentation } from './init.ts';
import { mp4ContentType } from './mime.ts';
import { HOLE_SECONDS } from './playback-time.ts';
import { SampleTiming } from './sample-timing.ts';
import { type Silence, silenceOf } from './silence.ts';

export interface Mp4Options extends Presentation {
  /**
   * Repeats the parameter sets in front of each key frame. For outputs whose initialization segment cannot be sent
   * again when the camera changes its picture: decoders follow sets in band, although avc1 does not ask for them.
   */
  readonly parameterSetsInBand?: boolean;
}

const HELD_SECONDS = 0.1;
const HELD_SAMPLES = 64;
const SILENCE_AFTER_SECONDS = 1;
const MAX_COMPOSITION_OFFSET = 2 ** 32 - 1;

/** One track of the file and its samples that are not written yet. */
interface Lane {
  readonly trackId: number;
  readonly track: Track;
  readonly codec: Codec;
  readonly timing: SampleTiming;
  readonly parameterSets: Buffer | undefined;
  readonly silence: Silence | undefined;
  held: Sample[];
  /** Ticks. */
  heldStart: number;
  heldTicks: number;
  /** Video time when the last audio packet came. */
  heardSeconds: number;
}

export class Mp4Muxer implements Muxer<Mp4Chunk> {
  readonly tracks: readonly Track[];
  readonly contentType: string;
  readonly header: readonly Buffer[];
  readonly #lanes: ReadonlyMap<number, Lane>;
  readonly #hasVideo: boolean;
  #index = 0;
  #endSeconds = Number.NaN;
  #videoSeconds = Number.NaN;

  /** Throws StreamError `unsupported` if MP4 cannot carry one of the tracks. Tracks keep their order in the file. */
  constructor(tracks: readonly Track[], options: Mp4Options = {}) {
    this.tracks = tracks;
    this.contentType = mp4ContentType(tracks);
    this.header = [initSegment(tracks, options)];
    this.#lanes = new Map(tracks.map((track, index) => [track.id, createLane(index + 1, track, options)]));
    this.#hasVideo = tracks.some(({ codec }) => codec.kind === 'video');
  }

  mux(packet: Packet): Mp4Chunk | undefined {
    const lane = this.#lanes.get(packet.track.id);
    if (!lane || packet.data.length === 0) return undefined;
    const { codec } = lane;
    const seconds = packet.dts / codec.timeBase;
    if (seconds - this.#endSeconds > HOLE_SECONDS) this.#jump(seconds);
    this.#hold(lane, packet);
    if (codec.kind === 'video') {
      this.#videoSeconds = seconds;
      this.#fillWithSilence(seconds);
      return this.#flush(lane, packet.key);
    }
    lane.heardSeconds = this.#videoSeconds;
    if (lane.held.length === 0) return undefined;
    if (!this.#hasVideo) return this.#flush(lane, true);
    const full = lane.heldTicks > HELD_SECONDS * codec.timeBase || lane.held.length >= HELD_SAMPLES;
    return full ? this.#flush(lane, false) : undefined;
  }

  #hold(lane: Lane, packet: Packet): void {
    const { timing, codec } = lane;
    if (!timing.place(packet)) return;
    const sets = packet.key ? lane.parameterSets : undefined;
    if (lane.held.length === 0) {
      lane.heldStart = timing.start;
      lane.heldTicks = 0;
    }
    lane.heldTicks += timing.duration;
    lane.held.push({
      data: sets ? [sets, packet.data] : [packet.data],
      size: packet.data.length + (sets?.length ?? 0),
      duration: timing.duration,
      compositionOffset: Math.min(Math.max(packet.pts - packet.dts, 0), MAX_COMPOSITION_OFFSET),
      key: packet.key,
    });
    const endSeconds = (timing.start + timing.duration) / codec.timeBase;
    if (!(endSeconds <= this.#endSeconds)) this.#endSeconds = endSeconds;
  }

  /** Fills audio tracks that have been silent for a while up to this time. */
  #fillWithSilence(seconds: number): void {
    for (const lane of this.#lanes.values()) {
      const { silence, timing, track, codec } = lane;
      if (!silence) continue;
      if (Number.isNaN(lane.heardSeconds)) lane.heardSeconds = seconds;
      if (seconds - lane.heardSeconds < SILENCE_AFTER_SECONDS) continue;
      const until = seconds * codec.timeBase;
      let dts = timing.end ?? Math.round(lane.heardSeconds * codec.timeBase);
      for (; dts < until; dts += silence.duration) {
        this.#hold(lane, { ...silence, track, pts: dts, dts, key: true, time: 0 });
      }
    }
  }

  /** All tracks go on from here; audio from before is too late for it. */
  #jump(seconds: number): void {
    for (const lane of this.#lanes.values()) {
      lane.timing.jump(seconds);
      lane.held = [];
      lane.heardSeconds = seconds;
    }
  }

  /** Writes what is held of all tracks, `first` in front. */
  #flush(first: Lane, key: boolean): Mp4Chunk {
    const runs: Run[] = [takeRun(first)];
    for (const lane of this.#lanes.values()) if (lane.held.length > 0) runs.push(takeRun(lane));
    return createFragment(runs, key, this.#index++);
  }
}

function createLane(trackId: number, track: Track, { parameterSetsInBand = false }: Mp4Options): Lane {
  const { codec } = track;
  return {
    trackId,
    track,
    codec,
    timing: new SampleTiming(codec),
    parameterSets: parameterSetsInBand ? parameterSets(codec) : undefined,
    silence: silenceOf(codec),
    held: [],
    heldStart: 0,
    heldTicks: 0,
    heardSeconds: Number.NaN,
  };
}

function takeRun(lane: Lane): Run {
  const { trackId, codec, heldStart, held } = lane;
  lane.held = [];
  return { trackId, timescale: codec.timeBase, decodeTime: heldStart, samples: held };
}

function parameterSets({ name, extradata }: Codec): Buffer | undefined {
  if (!extradata) return undefined;
  if (name === 'h264') {
    const sets = parseAvcC(extradata);
    return sets && joinNals([...sets.sps, ...sets.pps]);
  }
  const sets = name === 'hevc' ? parseHvcC(extradata) : undefined;
  return sets && joinNals([...sets.vps, ...sets.sps, ...sets.pps]);
}

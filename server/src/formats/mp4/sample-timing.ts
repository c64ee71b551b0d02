/**
 * Decode times and durations of the samples of one track, without gaps or overlaps.
 *
 *   packet dts   0      40      80            160       200
 *   sample       0–40   40–80   80–120        120–200   200–240      the late one starts at once and lasts longer
 *
 * A live muxer must give a sample's duration before the next packet comes, so the duration is a guess, and the next
 * sample starts where the guess ended and makes up for it: time never drifts, and there is never a hole. Browsers
 * take a hole of two frames for a discontinuity and drop all video up to the next key frame
 * (Media Source Extensions §3.5.8, coded frame processing).
 */
import { parseAudioSpecificConfig } from '../../codecs/aac.ts';
import type { Codec } from '../../codecs/codec.ts';
import { opusPacketDuration } from '../../codecs/opus.ts';
import type { Packet } from '../../core/model.ts';

/** Audio follows the count of its samples; behind by more than this a sample is stretched, ahead by more it is dropped. */
const AUDIO_BEHIND_SECONDS = 0.05;
const AUDIO_AHEAD_SECONDS = 0.3;

export class SampleTiming {
  readonly #codec: Codec;
  readonly #frameTicks: number;
  #end: number | undefined;
  #lastDts: number | undefined;
  #gap: number;
  #estimate: number;
  /** Set by `place`: ticks. */
  start = 0;
  duration = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
    this.#frameTicks = frameTicks(codec);
    this.#gap = defaultTicks(codec);
    this.#estimate = this.#gap;
  }

  /** Ticks up to which samples have been placed; undefined before the first. */
  get end(): number | undefined {
    return this.#end;
  }

  /** Places the next packet: its `start` and `duration`. False if it has no place: audio for a time that is filled already. */
  place(packet: Packet): boolean {
    const { dts } = packet;
    const nominal = this.#nominalDuration(packet);
    const start = this.#end ?? dts;
    const late = (dts - start) / this.#codec.timeBase;
    const isAudio = this.#codec.kind === 'audio';
    if (isAudio && late < -AUDIO_AHEAD_SECONDS) return false;
    this.start = start;
    this.duration = isAudio && late <= AUDIO_BEHIND_SECONDS ? nominal : Math.max(1, dts + nominal - start);
    this.#end = start + this.duration;
    return true;
  }

  /** The stream stood still: the next packet starts not before this time. */
  jump(seconds: number): void {
    if (this.#end !== undefined) this.#end = Math.max(this.#end, Math.round(seconds * this.#codec.timeBase));
  }

  /** What the packet says, what its codec always has, or the shorter of the last two gaps (so that an outage is no frame rate). */
  #nominalDuration(packet: Packet): number {
    const gap = packet.dts - (this.#lastDts ?? packet.dts);
    this.#lastDts = packet.dts;
    if (gap > 0) {
      this.#estimate = Math.min(gap, this.#gap);
      this.#gap = gap;
    }
    const coded = this.#codec.name === 'opus' ? opusPacketDuration(packet.data) : this.#frameTicks;
    return packet.duration || coded || this.#estimate;
  }
}

/** Samples in every packet of a codec that always has the same number; else 0. */
function frameTicks({ name, timeBase, extradata }: Codec): number {
  if (name === 'aac') return (extradata && parseAudioSpecificConfig(extradata)?.frameLength) || 1024;
  if (name === 'mp3') return timeBase >= 32000 ? 1152 : 576;
  return 0;
}

const DEFAULT_VIDEO_SECONDS = 0.04;
const DEFAULT_AUDIO_SECONDS = 0.02;

function defaultTicks({ kind, timeBase }: Codec): number {
  return Math.round(timeBase * (kind === 'video' ? DEFAULT_VIDEO_SECONDS : DEFAULT_AUDIO_SECONDS));
}

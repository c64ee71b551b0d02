/** A camera inside the process: clips in real time, looped, as a Producer. */
import { aacCodec } from '../../server/src/codecs/aac.ts';
import { audioCodec, type Codec } from '../../server/src/codecs/codec.ts';
import { h264Codec } from '../../server/src/codecs/h264.ts';
import { hevcCodec } from '../../server/src/codecs/hevc.ts';
import { joinNals } from '../../server/src/codecs/nal.ts';
import { opusCodec } from '../../server/src/codecs/opus.ts';
import {
  type Backchannel,
  createPeer,
  type Packet,
  type Producer,
  type Track,
} from '../../server/src/core/model.ts';
import type { Clip, Unit } from './clips.ts';

const TICK_MS = 5;

/** The codec of a clip. */
export function codecOfClip({ encoding, clockRate, channels, parameterSets }: Clip): Codec {
  const [first, second, third] = parameterSets;
  switch (encoding) {
    case 'H264':
      return h264Codec([first!], [second!]);
    case 'H265':
      return hevcCodec([first!], [second!], [third!]);
    case 'MPEG4-GENERIC':
      return aacCodec(first!)!;
    case 'opus':
      return opusCodec(channels);
    case 'PCMA':
      return audioCodec('pcm_alaw', clockRate, channels);
    case 'PCMU':
      return audioCodec('pcm_mulaw', clockRate, channels);
    case 'L16':
      return audioCodec('pcm_s16be', clockRate, channels);
  }
}

export interface ClipProducer extends Producer {
  /** From the next round of its clip on, the track sends this clip. */
  replace(trackId: number, clip: Clip): void;
}

/** Plays the clips until its signal aborts. `aheadSeconds`: so much of them comes at once at the start. */
export function clipProducer(
  clips: readonly Clip[],
  { backchannel, aheadSeconds = 0 }: { backchannel?: Backchannel; aheadSeconds?: number } = {},
): ClipProducer {
  const players = clips.map((clip, id) => new Player(id, clip));
  return {
    peer: createPeer({ format: 'test', protocol: 'internal' }),
    tracks: players.map(({ track }) => track),
    backchannel,
    replace: (trackId, clip) => players[trackId]?.replace(clip),
    run: (write, signal) => {
      const startMs = performance.now() - aheadSeconds * 1000;
      const timer = setInterval(() => {
        const seconds = (performance.now() - startMs) / 1000;
        for (const player of players) for (const packet of player.until(seconds)) write(packet);
      }, TICK_MS);
      const ended = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => ended.resolve(), { once: true });
      return ended.promise.finally(() => clearInterval(timer));
    },
  };
}

class Player {
  track: Track;
  #clip: Clip;
  #waiting: Clip | undefined;
  #round = 0;
  #next = 0;

  constructor(id: number, clip: Clip) {
    this.#clip = clip;
    this.track = { id, codec: codecOfClip(clip) };
  }

  replace(clip: Clip): void {
    this.#waiting = clip;
  }

  /** What is due by then. */
  *until(seconds: number): Iterable<Packet> {
    for (;;) {
      const unit = this.#clip.units[this.#next]!;
      const at = this.#round + unit.seconds;
      if (at > seconds) return;
      yield this.#packet(unit, at);
      this.#next = (this.#next + 1) % this.#clip.units.length;
      if (this.#next === 0) this.#restart();
    }
  }

  #restart(): void {
    this.#round += this.#clip.seconds;
    if (!this.#waiting) return;
    this.#clip = this.#waiting;
    this.#waiting = undefined;
    this.track = { id: this.track.id, codec: codecOfClip(this.#clip) };
  }

  #packet(unit: Unit, seconds: number): Packet {
    const { timeBase, kind } = this.track.codec;
    const pts = Math.round(seconds * timeBase);
    const data = kind === 'video' ? joinNals(unit.parts) : unit.parts[0]!;
    return { track: this.track, data, pts, dts: pts, duration: 0, key: unit.key, time: Date.now() };
  }
}

/** Clips as packets: ffmpeg makes an MP4, ffprobe takes it apart; and both judge the MP4 that we make of them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aacCodec } from '../../server/src/codecs/aac.ts';
import { audioCodec, type Codec, videoCodec } from '../../server/src/codecs/codec.ts';
import { opusCodec } from '../../server/src/codecs/opus.ts';
import {
  createPeer,
  type Packet,
  type Producer,
  type Track,
  type WritePacket,
} from '../../server/src/core/model.ts';
import { Stream } from '../../server/src/core/stream.ts';
import type { Transcoder } from '../../server/src/core/transcode.ts';
import { createLogger } from '../../server/src/util/log.ts';
import { boxContent } from './mp4.ts';
import { run } from './run.ts';

export interface Clip {
  readonly tracks: readonly Track[];
  /** Of all tracks, in the order of their decode times. */
  readonly packets: readonly Packet[];
}

/** What ffprobe tells of a packet. */
export interface ProbedPacket {
  readonly stream_index: number;
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly pts_time: string;
  readonly dts_time: string;
  readonly size: string;
  readonly pos: string;
  readonly flags: string;
}

export interface ProbedStream {
  readonly index: number;
  readonly codec_name: string;
  readonly codec_type: 'video' | 'audio';
  readonly codec_tag_string: string;
  readonly width: number;
  readonly height: number;
  readonly sample_rate: string;
  readonly channels: number;
  readonly time_base: string;
  readonly sample_aspect_ratio: string;
  readonly extradata?: string;
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

/** Runs a program that must succeed, and be silent about it. */
async function judge(program: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  const { code, stdout, stderr } = await run(program, ['-v', 'error', ...args], input ? { input } : {});
  if (code !== 0 || stderr.trim()) throw new Error(`${program} ${args.join(' ')}: ${code} ${stderr}`);
  return stdout;
}

export const TEST_VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25'] as const;
export const TEST_AUDIO = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] as const;

/** Makes an MP4 with these ffmpeg words and takes it apart. Times begin at 100 s, as those of a stream that has run a while. */
export async function makeClip(...words: readonly string[]): Promise<Clip> {
  const folder = await mkdtemp(join(tmpdir(), 'porthole-clip-'));
  const path = join(folder, 'clip.mp4');
  try {
    await judge('ffmpeg', [...words, '-strict', '-2', '-video_track_timescale', '90000', path]);
    const file = await readFile(path);
    const { streams, packets } = await probe(path);
    const tracks = streams.map((stream) => ({ id: 10 + stream.index, codec: codecOf(stream, file) }));
    const inOrder = packets
      .map((packet) => toPacket(packet, tracks, file))
      .sort((a, b) => secondsOf(a) - secondsOf(b));
    return { tracks, packets: inOrder };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const START_SECONDS = 100;

const secondsOf = ({ dts, track }: Packet): number => dts / track.codec.timeBase;

function toPacket(probed: ProbedPacket, tracks: readonly Track[], file: Buffer): Packet {
  const track = tracks[probed.stream_index]!;
  const start = START_SECONDS * track.codec.timeBase;
  const position = Number(probed.pos);
  return {
    track,
    data: file.subarray(position, position + Number(probed.size)),
    pts: start + probed.pts,
    dts: start + probed.dts,
    duration: track.codec.name === 'flac' ? probed.duration : 0,
    key: probed.flags.startsWith('K'),
    time: 0,
  };
}

/** Streams and packets of a file, given by its path or its bytes. */
export async function probe(
  file: string | Buffer,
): Promise<{ streams: readonly ProbedStream[]; packets: readonly ProbedPacket[] }> {
  const source = typeof file === 'string' ? file : 'pipe:0';
  const words = ['-show_streams', '-show_packets', '-show_data', '-of', 'json', source];
  const json = await judge('ffprobe', words, typeof file === 'string' ? undefined : file);
  const { streams, packets } = JSON.parse(json.toString());
  return { streams, packets };
}

/** Decodes all frames of a stream of the file; rejects when the decoder complains. Gives `WxH` of each video frame, samples of each audio frame. */
export async function decode(file: Buffer, stream: 'v:0' | 'a:0'): Promise<readonly string[]> {
  const entries = 'frame=width,height,nb_samples';
  const words = ['-select_streams', stream, '-show_entries', entries, '-of', 'json', 'pipe:0'];
  const { frames } = JSON.parse((await judge('ffprobe', words, file)).toString());
  await judge('ffmpeg', ['-xerror', '-i', 'pipe:0', '-map', `0:${stream}`, '-f', 'null', '-'], file);
  return (frames as { width?: number; height?: number; nb_samples?: number }[]).map((frame) =>
    frame.width ? `${frame.width}x${frame.height}` : `${frame.nb_samples}`,
  );
}

function codecOf(stream: ProbedStream, file: Buffer): Codec {
  const size = { width: stream.width, height: stream.height };
  const channels = stream.channels;
  switch (stream.codec_name) {
    case 'h264':
      return videoCodec('h264', { ...size, extradata: boxContent(file, 'avcC') });
    case 'hevc':
      return videoCodec('hevc', { ...size, extradata: boxContent(file, 'hvcC') });
    case 'av1':
      return videoCodec('av1', { ...size, extradata: boxContent(file, 'av1C') });
    case 'vp9':
      return videoCodec('vp9', { ...size, extradata: boxContent(file, 'vpcC') });
    case 'aac':
      return aacCodec(hexDump(stream.extradata))!;
    case 'opus':
      return opusCodec(channels);
    case 'flac':
      return audioCodec('flac', Number(stream.sample_rate), channels, hexDump(stream.extradata));
    default:
      return audioCodec('mp3', Number(stream.sample_rate), channels);
  }
}

/** ffprobe's `00000000: 6764 0014 …  text` lines. */
function hexDump(text = ''): Buffer {
  const lines = text.trim().split('\n');
  return Buffer.concat(lines.map((line) => Buffer.from(line.slice(10, 50).replaceAll(' ', ''), 'hex')));
}

/** A camera that sends the clip in real time, again and again; `change` switches to another clip at its end. */
export class ClipCamera implements Producer {
  readonly peer = createPeer({ format: 'clip', protocol: 'test' });
  readonly tracks: readonly Track[];
  #clip: Clip;

  constructor(clip: Clip) {
    this.#clip = clip;
    this.tracks = clip.tracks;
  }

  /** The tracks of the other clip take the place of those of this one, in order. */
  change(clip: Clip): void {
    const tracks = clip.tracks.map(({ codec }, index) => ({ id: this.tracks[index]!.id, codec }));
    const trackOf = (packet: Packet): Track => tracks[clip.tracks.indexOf(packet.track)]!;
    this.#clip = { tracks, packets: clip.packets.map((packet) => ({ ...packet, track: trackOf(packet) })) };
  }

  async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    for (let origin = 0; !signal.aborted; ) {
      const { packets } = this.#clip;
      const first = secondsOf(packets[0]!);
      const seconds = (packet: Packet): number => secondsOf(packet) - first;
      for (const packet of packets) {
        const dueMs = startMs + (origin + seconds(packet)) * 1000;
        const waitMs = dueMs - performance.now();
        if (waitMs > 1) await sleep(waitMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        const shift = Math.round(origin * packet.track.codec.timeBase);
        write({ ...packet, pts: packet.pts + shift, dts: packet.dts + shift });
      }
      origin += Math.max(...packets.map(seconds)) + 0.04;
    }
  }
}

/** A stream of this camera; `transcoder` for viewers that don't take it as it is. */
export function streamOf(camera: Producer, transcoder?: Transcoder): Stream {
  const settings = { name: 'test', sources: ['clip:'], lingerMs: 0, log: createLogger('test'), transcoder };
  return new Stream({ ...settings, open: async () => camera });
}

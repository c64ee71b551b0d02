/** Clips for the tests of this folder: ffmpeg makes them, ffprobe takes them apart into packets, and both judge what we write. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aacCodec } from '../../codecs/aac.ts';
import { audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import type { Packet, Track } from '../../core/model.ts';

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

/** Runs a program with this input; rejects with its standard error when it fails. */
export function run(program: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 256 << 20, timeout: 60_000 } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr.toString() || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

export const TEST_VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25'] as const;
export const TEST_AUDIO = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] as const;

/** Makes an MP4 with these ffmpeg words and takes it apart. Times begin at 100 s, as those of a stream that has run a while. */
export async function makeClip(...words: readonly string[]): Promise<Clip> {
  const folder = await mkdtemp(join(tmpdir(), 'porthole-clip-'));
  const path = join(folder, 'clip.mp4');
  try {
    await run('ffmpeg', ['-v', 'error', ...words, '-strict', '-2', '-video_track_timescale', '90000', path]);
    const file = await readFile(path);
    const { streams, packets } = await probe(path);
    const tracks = streams.map((stream) => ({ id: 10 + stream.index, codec: codecOf(stream, file) }));
    const seconds = ({ dts, track }: Packet): number => dts / track.codec.timeBase;
    const inOrder = packets
      .map((packet) => toPacket(packet, tracks, file))
      .sort((a, b) => seconds(a) - seconds(b));
    return { tracks, packets: inOrder };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const START_SECONDS = 100;

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
  const words = ['-v', 'error', '-show_streams', '-show_packets', '-show_data', '-of', 'json', source];
  const json = await run('ffprobe', words, typeof file === 'string' ? undefined : file);
  const { streams, packets } = JSON.parse(json.toString());
  return { streams, packets };
}

/** Decodes all frames of a stream of the file; rejects when the decoder complains. Gives `WxH` of each video frame, samples of each audio frame. */
export async function decode(file: Buffer, stream: 'v:0' | 'a:0'): Promise<readonly string[]> {
  const entries = 'frame=width,height,nb_samples';
  const words = ['-v', 'error', '-select_streams', stream, '-show_entries', entries, '-of', 'json', 'pipe:0'];
  const { frames } = JSON.parse((await run('ffprobe', words, file)).toString());
  await run(
    'ffmpeg',
    ['-v', 'error', '-xerror', '-i', 'pipe:0', '-map', `0:${stream}`, '-f', 'null', '-'],
    file,
  );
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
      return videoCodec('vp9', { ...size, extradata: boxContent(file, 'vpcC').subarray(4) });
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

function boxContent(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type);
  return file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
}

/** ffprobe's `00000000: 6764 0014 …  text` lines. */
function hexDump(text = ''): Buffer {
  const lines = text.trim().split('\n');
  return Buffer.concat(lines.map((line) => Buffer.from(line.slice(10, 50).replaceAll(' ', ''), 'hex')));
}

/**
 * Short clips for fake cameras: encoded once with ffmpeg, kept in test/.cache, cut into access units here
 * (independent of the server's own parsers, whose mistakes they are to show).
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk } from '../helpers/run.ts';

const CACHE = join(import.meta.dirname, '../.cache/clips');
const SECONDS = 4;

/** One access unit, or one audio frame. */
export interface Unit {
  /** H.264 and HEVC: NAL units without start codes and without parameter sets. Else one element. */
  readonly parts: readonly Buffer[];
  /** Presentation time from the start of the clip. */
  readonly seconds: number;
  readonly key: boolean;
}

export interface Clip {
  readonly encoding: 'H264' | 'H265' | 'MPEG4-GENERIC' | 'opus' | 'PCMA' | 'PCMU' | 'L16';
  readonly kind: 'video' | 'audio';
  readonly clockRate: number;
  readonly channels: number;
  readonly units: readonly Unit[];
  /** Until it may start again. */
  readonly seconds: number;
  /** H.264: SPS, PPS. HEVC: VPS, SPS, PPS. AAC: AudioSpecificConfig. */
  readonly parameterSets: readonly Buffer[];
}

interface VideoWish {
  readonly size?: string;
  readonly fps?: number;
  readonly gop?: number;
  readonly bframes?: number;
  readonly bitrate?: string;
  /** Full of noise, so that the bit rate is really reached. */
  readonly noisy?: boolean;
}

/** A moving test picture in H.264, closed GOPs. */
export function h264Clip(wish: VideoWish = {}): Promise<Clip> {
  return videoClip('H264', wish);
}

/** A moving test picture in HEVC, closed GOPs. */
export function hevcClip(wish: VideoWish = {}): Promise<Clip> {
  return videoClip('H265', wish);
}

/** A tone in one of the usual audio codecs. */
export async function audioClip(
  encoding: 'MPEG4-GENERIC' | 'opus' | 'PCMA' | 'PCMU' | 'L16',
  { sampleRate = 8000, hertz = 1000 }: { sampleRate?: number; hertz?: number } = {},
): Promise<Clip> {
  const rate = encoding === 'opus' ? 48000 : sampleRate;
  const { codec, format } = AUDIO[encoding];
  const file = await cached(`${encoding}-${rate}-${hertz}.${format}`, (path) => [
    ...['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=${rate}:duration=${SECONDS}`],
    ...['-af', 'volume=4', '-c:a', codec, '-ar', String(rate), '-ac', '1', '-f', format, path],
  ]);
  const bytes = await readFile(file);
  const frames = AUDIO[encoding].split(bytes, rate);
  const perFrame = AUDIO[encoding].samples(rate);
  return {
    encoding,
    kind: 'audio',
    clockRate: rate,
    channels: 1,
    units: frames.map((frame, index) => ({ parts: [frame], seconds: (index * perFrame) / rate, key: true })),
    seconds: (frames.length * perFrame) / rate,
    parameterSets: encoding === 'MPEG4-GENERIC' ? [audioSpecificConfig(bytes)] : [],
  };
}

const AUDIO = {
  'MPEG4-GENERIC': { codec: 'aac', format: 'adts', split: splitAdts, samples: () => 1024 },
  opus: { codec: 'libopus', format: 'ogg', split: splitOpus, samples: () => 960 },
  PCMA: { codec: 'pcm_alaw', format: 'alaw', split: splitPcm(1), samples: pcmSamples },
  PCMU: { codec: 'pcm_mulaw', format: 'mulaw', split: splitPcm(1), samples: pcmSamples },
  L16: { codec: 'pcm_s16be', format: 's16be', split: splitPcm(2), samples: pcmSamples },
};

/** 40 ms, as many cameras do. */
function pcmSamples(rate: number): number {
  return rate / 25;
}

function splitPcm(bytesPerSample: number) {
  return (bytes: Buffer, rate: number): Buffer[] => {
    const size = pcmSamples(rate) * bytesPerSample;
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
  };
}

async function videoClip(encoding: 'H264' | 'H265', wish: VideoWish): Promise<Clip> {
  const { size = '640x360', fps = 25, gop = 25, bframes = 0, bitrate = '600k', noisy = false } = wish;
  const name = [encoding, size, fps, gop, bframes, bitrate, ...(noisy ? ['noisy'] : [])].join('-');
  const picture = `testsrc2=size=${size}:rate=${fps}:duration=${SECONDS}${noisy ? ',noise=alls=60:allf=t' : ''}`;
  const x264 = [
    'libx264',
    '-x264-params',
    `scenecut=0:open-gop=0:keyint=${gop}:min-keyint=${gop}:bframes=${bframes}`,
  ];
  const x265 = [
    ...['libx265', '-x265-params'],
    `log-level=none:scenecut=0:open-gop=0:keyint=${gop}:min-keyint=${gop}:bframes=${bframes}`,
  ];
  const file = await cached(`${name}.mp4`, (path) => [
    ...['-f', 'lavfi', '-i', picture, '-pix_fmt', 'yuv420p'],
    ...[
      '-c:v',
      ...(encoding === 'H264' ? x264 : x265),
      '-preset',
      'veryfast',
      '-b:v',
      bitrate,
      '-f',
      'mp4',
      path,
    ],
  ]);
  const ffmpegName = encoding === 'H264' ? 'h264' : 'hevc';
  const bitstream = await cached(`${name}.${ffmpegName}`, (path) => [
    ...['-i', file, '-c', 'copy', '-bsf:v', `${ffmpegName}_mp4toannexb,${ffmpegName}_metadata=aud=insert`],
    ...['-f', ffmpegName, path],
  ]);
  const times = await runOk('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file],
  ]);
  const seconds = times.toString().trim().split('\n').map(Number.parseFloat);
  return {
    encoding,
    kind: 'video',
    clockRate: 90000,
    channels: 1,
    seconds: SECONDS,
    ...cutAnnexB(await readFile(bitstream), encoding, seconds),
  };
}

/** Encodes unless the file is there; several test processes may ask at once. */
async function cached(name: string, args: (path: string) => string[]): Promise<string> {
  const path = join(CACHE, name);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const partial = join(CACHE, `${process.pid}-${Math.random().toString(36).slice(2)}-${name}`);
  await runOk('ffmpeg', ['-v', 'error', '-y', ...args(partial)], 60_000);
  renameSync(partial, path);
  return path;
}

/** Access units begin with a delimiter, which is dropped. */
function cutAnnexB(
  bytes: Buffer,
  encoding: 'H264' | 'H265',
  seconds: readonly number[],
): Pick<Clip, 'units' | 'parameterSets'> {
  const isH264 = encoding === 'H264';
  const typeOf = (nal: Buffer): number => (isH264 ? nal[0]! & 31 : (nal[0]! >> 1) & 63);
  const delimiter = isH264 ? 9 : 35;
  const isParameterSet = (type: number): boolean =>
    isH264 ? type === 7 || type === 8 : type >= 32 && type <= 34;
  const isKey = (type: number): boolean => (isH264 ? type === 5 : type >= 16 && type <= 21);
  const parameterSets = new Map<number, Buffer>();
  const units: Buffer[][] = [];
  for (const nal of splitAnnexB(bytes)) {
    const type = typeOf(nal);
    if (type === delimiter) units.push([]);
    else if (isParameterSet(type)) parameterSets.set(type, nal);
    else units.at(-1)!.push(nal);
  }
  return {
    parameterSets: [...parameterSets].sort(([a], [b]) => a - b).map(([, nal]) => nal),
    units: units.map((parts, index) => ({
      parts,
      seconds: seconds[index]!,
      key: parts.some((nal) => isKey(typeOf(nal))),
    })),
  };
}

function splitAnnexB(bytes: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = bytes.indexOf('000001', 0, 'hex') + 3;
  while (start < bytes.length) {
    const next = bytes.indexOf('000001', start, 'hex');
    let end = next < 0 ? bytes.length : next;
    const following = next < 0 ? bytes.length : next + 3;
    while (end > start && bytes[end - 1] === 0) end--;
    nals.push(bytes.subarray(start, end));
    start = following;
  }
  return nals;
}

function splitAdts(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 7 <= bytes.length; ) {
    const size = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
    frames.push(bytes.subarray(at + 7, at + size));
    at += size;
  }
  return frames;
}

function audioSpecificConfig(adts: Buffer): Buffer {
  const objectType = (adts[2]! >> 6) + 1;
  const frequencyIndex = (adts[2]! >> 2) & 15;
  const channels = ((adts[2]! & 1) << 2) | (adts[3]! >> 6);
  const bits = (objectType << 11) | (frequencyIndex << 7) | (channels << 3);
  return Buffer.from([bits >> 8, bits & 255]);
}

/** Packets of an Ogg file without the two header packets. */
function splitOpus(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let partial: Buffer[] = [];
  for (let at = 0; at + 27 <= bytes.length; ) {
    const segments = bytes.subarray(at + 27, at + 27 + bytes[at + 26]!);
    at += 27 + segments.length;
    for (const size of segments) {
      partial.push(bytes.subarray(at, at + size));
      at += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(partial));
      partial = [];
    }
  }
  return packets.slice(2);
}

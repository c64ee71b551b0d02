/**
 * Pictures of any codec → one JPEG, by one run of ffmpeg: bytes on its standard input, JPEG on its standard output.
 *
 *   h264, hevc, av1, vp9   an MP4 of the key frame and what follows it; the last frame is taken
 *   rawvideo, mjpeg        as they are
 */
import { availableParallelism } from 'node:os';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Packet } from '../../core/model.ts';
import type { Logger } from '../../util/log.ts';
import { startProcess } from '../exec/process.ts';
import { mp4FileOf } from '../mp4/keyframe.ts';
import type { Rotation } from '../rotation.ts';

export interface ConvertOptions {
  /** Pixels before the rotation; where only one is given the other follows. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly rotation?: Rotation | undefined;
  /** Lets ffmpeg try hardware decoders. */
  readonly hardware?: boolean | undefined;
}

export interface ConvertContext {
  /** The ffmpeg binary. */
  readonly ffmpeg: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const MAX_JPEG_BYTES = 32 << 20;
const MAX_RUNS = Math.max(2, availableParallelism());

/** Makes a JPEG of the last of these packets of one track; the first is a key packet. Rejects with StreamError `process`. */
export async function convertToJpeg(
  packets: readonly Packet[],
  options: ConvertOptions,
  context: ConvertContext,
): Promise<Buffer> {
  const jpeg = await runInTurn(packets, options, context);
  if (jpeg.length > 0) return jpeg;
  const [key, next] = packets;
  const retried = key && next ? await runInTurn([key], options, context) : jpeg;
  if (retried.length > 0) return retried;
  throw new StreamError('process', 'ffmpeg made no picture of the key frame');
}

/** Words of the ffmpeg call. */
export function convertCommand(
  packets: readonly Packet[],
  { width, height, rotation = 0, hardware }: ConvertOptions,
  ffmpeg: string,
): string[] {
  const filters = [
    ...(packets.length > 1 ? [`select=eq(n\\,${packets.length - 1})`] : []),
    ...(width || height ? [`scale=${width || -1}:${height || -1}`] : []),
    ...ROTATIONS[rotation],
  ];
  return [
    ffmpeg,
    ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
    ...(hardware ? ['-hwaccel', 'auto'] : []),
    ...inputWords(packets),
    ...['-i', 'pipe:0', '-an'],
    ...(filters.length > 0 ? ['-vf', filters.join(',')] : []),
    ...['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', 'pipe:1'],
  ];
}

const ROTATIONS: Readonly<Record<Rotation, readonly string[]>> = {
  0: [],
  90: ['transpose=1'],
  180: ['hflip', 'vflip'],
  270: ['transpose=2'],
};

function inputWords([first]: readonly Packet[]): readonly string[] {
  const codec = first?.track.codec;
  if (codec?.kind !== 'video') return [];
  if (codec.name === 'mjpeg') return ['-f', 'mjpeg'];
  if (codec.name !== 'rawvideo') return ['-f', 'mp4'];
  const size = `${codec.width}x${codec.height}`;
  return ['-f', 'rawvideo', '-pixel_format', codec.pixelFormat ?? 'yuv420p', '-video_size', size];
}

function inputBytes(packets: readonly Packet[]): readonly Buffer[] {
  const name = packets[0]?.track.codec.name;
  return name === 'mjpeg' || name === 'rawvideo' ? packets.map(({ data }) => data) : mp4FileOf(packets);
}

let runs = 0;
const waiting: (() => void)[] = [];

async function runInTurn(
  packets: readonly Packet[],
  options: ConvertOptions,
  context: ConvertContext,
): Promise<Buffer> {
  if (runs >= MAX_RUNS) await new Promise<void>((resolve) => waiting.push(resolve));
  else runs++;
  try {
    return await run(packets, options, context);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else runs--;
  }
}

async function run(
  packets: readonly Packet[],
  options: ConvertOptions,
  { ffmpeg, log, signal }: ConvertContext,
): Promise<Buffer> {
  signal.throwIfAborted();
  const input = inputBytes(packets);
  const program = await startProcess(convertCommand(packets, options, ffmpeg), { log });
  const stop = (): void => void program.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for (const bytes of input) program.stdin.write(bytes);
    program.stdin.end();
    const output: Buffer[] = [];
    let size = 0;
    for await (const bytes of program.stdout as AsyncIterable<Buffer>) {
      size += bytes.length;
      if (size > MAX_JPEG_BYTES) throw new StreamError('limit', 'picture is too large');
      output.push(bytes);
    }
    const reason = await program.exited;
    signal.throwIfAborted();
    if (size === 0 && !reason.includes('exit code 0')) throw new StreamError('process', reason);
    return Buffer.concat(output);
  } catch (error) {
    throw toStreamError(signal.aborted ? signal.reason : error);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

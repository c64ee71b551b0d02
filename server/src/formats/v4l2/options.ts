/**
 * What a video device is asked for:
 * `v4l2:device?video=/dev/video0&input_format=mjpeg&video_size=1280x720&framerate=30`
 *
 * Every value is checked: sources with a device are accepted through the API as well.
 */
import { StreamError } from '../../core/errors.ts';

/** By FFmpeg's name of the input format: the four characters of V4L2, and how the pictures leave FFmpeg. */
export const INPUT_FORMATS: Readonly<
  Record<string, { readonly fourcc: string; readonly output: readonly string[] }>
> = {
  mjpeg: { fourcc: 'MJPG', output: ['-c', 'copy', '-f', 'mjpeg'] },
  h264: { fourcc: 'H264', output: ['-c', 'copy', '-f', 'h264'] },
  hevc: { fourcc: 'HEVC', output: ['-c', 'copy', '-f', 'hevc'] },
  yuyv422: { fourcc: 'YUYV', output: ['-pix_fmt', 'yuv422p', '-f', 'yuv4mpegpipe'] },
  nv12: { fourcc: 'NV12', output: ['-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe'] },
};

export interface VideoDevice {
  readonly path: string;
  readonly inputFormat: string;
  readonly videoSize: string | undefined;
  readonly frameRate: string | undefined;
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  video: /^(?:\/dev\/video)?\d{1,3}$/,
  input_format: /^\w+$/,
  video_size: /^\d{1,5}x\d{1,5}$/,
  framerate: /^\d{1,4}(?:\.\d{1,3})?$/,
};

/** Reads the part behind `v4l2:`. Throws StreamError `invalid_source`; MJPEG where no format is named. */
export function parseVideoDevice(rest: string): VideoDevice {
  const [, query] = /^device\?(.*)$/s.exec(rest) ?? [];
  if (query === undefined) throw invalid('not device?video=/dev/video0…');
  const values = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(PATTERNS, key) || !PATTERNS[key]!.test(value))
      throw invalid(`cannot use ${key}=${value}`);
    values.set(key, value);
  }
  const video = values.get('video') ?? '/dev/video0';
  const inputFormat = values.get('input_format') ?? 'mjpeg';
  if (!Object.hasOwn(INPUT_FORMATS, inputFormat))
    throw invalid(`input_format is one of ${Object.keys(INPUT_FORMATS).join(', ')}`);
  return {
    path: /^\d/.test(video) ? `/dev/video${video}` : video,
    inputFormat,
    videoSize: values.get('video_size'),
    frameRate: values.get('framerate'),
  };
}

/** The FFmpeg that reads the device and writes a byte stream to its standard output. */
export function captureCommand(binary: string, device: VideoDevice): string[] {
  const { path, inputFormat, videoSize, frameRate } = device;
  return [
    ...[binary, '-hide_banner', '-v', 'error', '-nostdin', '-fflags', 'nobuffer', '-f', 'v4l2'],
    ...['-input_format', inputFormat],
    ...(videoSize ? ['-video_size', videoSize] : []),
    ...(frameRate ? ['-framerate', frameRate] : []),
    ...['-i', path, '-an', ...INPUT_FORMATS[inputFormat]!.output, '-flush_packets', '1', '-'],
  ];
}

const invalid = (message: string): StreamError => new StreamError('invalid_source', `v4l2: ${message}`);

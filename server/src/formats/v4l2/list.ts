/**
 * What a video device can do, from the tool that is there:
 *
 *   v4l2-ctl --list-formats-ext              ffmpeg -f v4l2 -list_formats all
 *     [0]: 'MJPG' (Motion-JPEG, compressed)    [video4linux2,v4l2 @ 0x…] Compressed: mjpeg : Motion-JPEG : 1280x720 640x480
 *       Size: Discrete 1280x720                [video4linux2,v4l2 @ 0x…] Raw       : yuyv422 : YUYV 4:2:2 : 640x480
 *         Interval: Discrete 0.033s (30.000 fps)
 *
 * Observed: v4l-utils 1.22 to 1.30, FFmpeg 4.3 to 7.1.
 */
import { isInstalled } from '../exec/find-program.ts';
import { type OutputSettings, runProgram } from '../exec/output.ts';
import { INPUT_FORMATS } from './options.ts';

/** A format that a device gives pictures in. */
export interface DeviceFormat {
  /** FFmpeg's name, for `input_format`. */
  readonly inputFormat: string;
  /** `Motion-JPEG`. */
  readonly title: string;
  readonly compressed: boolean;
  readonly sizes: readonly { readonly size: string; readonly rates: readonly number[] }[];
}

const MAX_SIZES = 100;

/** Formats that v4l2-ctl tells; those that we cannot read are left out. */
export function parseV4l2Ctl(text: string): DeviceFormat[] {
  const formats: (Omit<DeviceFormat, 'sizes'> & { sizes: { size: string; rates: number[] }[] })[] = [];
  let current: (typeof formats)[number] | undefined;
  for (const line of text.split('\n')) {
    const [, fourcc, description = ''] = /^\s*\[\d+\]: '(.{4})' \((.*)\)\s*$/.exec(line) ?? [];
    if (fourcc) {
      const name = Object.keys(INPUT_FORMATS).find((each) => INPUT_FORMATS[each]!.fourcc === fourcc);
      const title = description.replace(/, (?:compressed|emulated).*$/, '');
      current = name
        ? { inputFormat: name, title, compressed: description.includes('compressed'), sizes: [] }
        : undefined;
      if (current) formats.push(current);
    }
    const size = /^\s*Size: (?:Discrete (\d+x\d+)|(?:Stepwise|Continuous) \d+x\d+ - (\d+x\d+))/.exec(line);
    if (size && current && current.sizes.length < MAX_SIZES)
      current.sizes.push({ size: (size[1] ?? size[2])!, rates: [] });
    const rate = /\((\d+(?:\.\d+)?)(?:-[\d.]+)? fps\)/.exec(line);
    if (rate) current?.sizes.at(-1)?.rates.push(Number(rate[1]));
  }
  return formats;
}

/** Formats that FFmpeg tells, on its standard error; without rates. */
export function parseFfmpegFormats(text: string): DeviceFormat[] {
  return text.split('\n').flatMap((line) => {
    const match = /\] (Raw|Compressed)\s*:\s*(\w+)\s*:\s*(.*?)\s*:\s*([\dx{},\s-]+)$/.exec(line.trimEnd());
    const [, kind, inputFormat = '', title = '', sizes = ''] = match ?? [];
    if (!Object.hasOwn(INPUT_FORMATS, inputFormat)) return [];
    const discrete = [...sizes.matchAll(/(?<!\S)(\d+x\d+)(?!\S)/g)].map(([, size = '']) => size);
    // {48-1920, 2}x{32-1080, 2}: any size in steps; the largest stands for all.
    const [, width, height] = /-(\d+), \d+\}x\{\d+-(\d+)/.exec(sizes) ?? [];
    const all = width && height ? [...discrete, `${width}x${height}`] : discrete;
    return [
      {
        inputFormat,
        title,
        compressed: kind === 'Compressed',
        sizes: all.slice(0, MAX_SIZES).map((size) => ({ size, rates: [] })),
      },
    ];
  });
}

/** Asks v4l2-ctl, or FFmpeg where that is not installed. Empty for a device that captures nothing. */
export async function listFormats(
  path: string,
  binary: string,
  settings: Pick<OutputSettings, 'log' | 'signal'>,
): Promise<DeviceFormat[]> {
  const limits = { ...settings, timeoutMs: 5000, maxBytes: 1 << 20 };
  if (isInstalled('v4l2-ctl'))
    return parseV4l2Ctl(await runProgram(['v4l2-ctl', '--device', path, '--list-formats-ext'], limits));
  const argv = [binary, '-hide_banner', '-f', 'v4l2', '-list_formats', 'all', '-i', path];
  return parseFfmpegFormats(await runProgram(argv, { ...limits, read: 'stderr' }));
}

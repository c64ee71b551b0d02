/**
 * The stream header of YUV4MPEG2: one line of text. Source of truth: mjpegtools, man yuv4mpeg; colour spaces as FFmpeg
 * writes them.
 *
 *   YUV4MPEG2 W320 H240 F25:1 Ip A1:1 C420jpeg XYSCSS=420JPEG LF
 *             width and height, rate (0:0 = not known), interlacing, pixel aspect, colour space
 */
import { type VideoCodec, videoCodec } from '../../codecs/codec.ts';
import { frameLayout } from '../../codecs/rawvideo.ts';
import { StreamError } from '../../core/errors.ts';

export const MAGIC = 'YUV4MPEG2';

/** What the header says. */
export interface StreamHeader {
  readonly codec: VideoCodec;
  readonly frameBytes: number;
  /** Frames a second; 0 where not known. */
  readonly rate: number;
}

const MAXIMUM_SIDE = 16384;
const MAXIMUM_FRAME_BYTES = 128 << 20;
const MAXIMUM_RATE = 1000;
const DEFAULT_COLOUR_SPACE = '420jpeg';
/** The three differ in where chroma is sampled. */
const COLOUR_SPACES: Readonly<Record<string, string>> = {
  '420': 'yuv420p',
  '420jpeg': 'yuv420p',
  '420mpeg2': 'yuv420p',
  '420paldv': 'yuv420p',
  '411': 'yuv411p',
  '422': 'yuv422p',
  '440': 'yuv440p',
  '444': 'yuv444p',
  '444alpha': 'yuva444p',
  mono: 'gray',
};

/** Reads the header line, without its end. Throws StreamError: `protocol` without a size, `unsupported`, `limit`. */
export function readStreamHeader(line: string): StreamHeader {
  const fields = new Map<string, string>();
  for (const word of line.trim().split(/ +/).slice(1)) {
    if (!fields.has(word[0]!) || word[0] !== 'X') fields.set(word[0]!, word.slice(1));
  }
  const width = Number(fields.get('W'));
  const height = Number(fields.get('H'));
  const isSide = (side: number): boolean => Number.isInteger(side) && side > 0;
  if (!isSide(width) || !isSide(height)) throw new StreamError('protocol', 'y4m: a header without a size');
  if (width > MAXIMUM_SIDE || height > MAXIMUM_SIDE) {
    throw new StreamError('limit', `y4m: pictures of ${width}x${height}`);
  }
  const space = fields.get('C') ?? DEFAULT_COLOUR_SPACE;
  const fullRange = /\bXCOLORRANGE=FULL\b/.test(line);
  const pixelFormat = pixelFormatOf(space, fullRange);
  const layout = pixelFormat === undefined ? undefined : frameLayout(pixelFormat, width, height);
  if (!pixelFormat || !layout)
    throw new StreamError('unsupported', `y4m: colour space ${space.slice(0, 20)}`);
  if (layout.bytes > MAXIMUM_FRAME_BYTES)
    throw new StreamError('limit', `y4m: frames of ${layout.bytes} bytes`);
  return {
    codec: videoCodec('rawvideo', { width, height, pixelFormat }),
    frameBytes: layout.bytes,
    rate: readRate(fields.get('F') ?? ''),
  };
}

function pixelFormatOf(space: string, fullRange: boolean): string | undefined {
  const [, base = '', depth] = /^(mono|4\d\d)(?:p?(9|1[0246]))$/.exec(space) ?? [];
  const known = Object.hasOwn(COLOUR_SPACES, base || space) ? COLOUR_SPACES[base || space] : undefined;
  if (depth) return known && `${known}${depth}le`;
  return fullRange ? known?.replace(/^yuv4/, 'yuvj4') : known;
}

function readRate(text: string): number {
  const [, frames, seconds] = /^(\d+):(\d+)$/.exec(text) ?? [];
  const rate = Number(frames) / Number(seconds);
  return rate > 0 && rate <= MAXIMUM_RATE ? rate : 0;
}

/** The header line of a codec, with its end. The rate is not known: a camera's is what arrives. Throws StreamError `unsupported`. */
export function writeStreamHeader({ width, height, pixelFormat = 'yuv420p' }: VideoCodec): string {
  const space = colourSpaceOf(pixelFormat);
  if (!space || !width || !height) throw new StreamError('unsupported', `y4m cannot carry ${pixelFormat}`);
  const range = pixelFormat.startsWith('yuvj') ? ' XCOLORRANGE=FULL' : '';
  return `${MAGIC} W${width} H${height} F0:0 Ip A1:1 C${space}${range}\n`;
}

function colourSpaceOf(pixelFormat: string): string | undefined {
  const [, base = '', depth] = /^(gray|yuva?j?4\d\dp)(?:(9|1[0246])le)?$/.exec(pixelFormat) ?? [];
  const plain = base.replace('yuvj', 'yuv');
  if (plain === 'yuv420p' && !depth) return DEFAULT_COLOUR_SPACE;
  const space = Object.keys(COLOUR_SPACES).find((name) => COLOUR_SPACES[name] === plain);
  if (!depth) return space;
  return space && (space === 'mono' ? `mono${depth}` : `${space}p${depth}`);
}

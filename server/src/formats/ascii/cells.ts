/**
 * A raw frame as a grid of cells: the mean of some pixels in each. Looking at every pixel of a large picture would
 * cost more than the eye gets of it.
 */
import type { VideoCodec } from '../../codecs/codec.ts';
import { type FrameLayout, frameLayout, type Plane } from '../../codecs/rawvideo.ts';
import { StreamError } from '../../core/errors.ts';

/** What each cell has: brightness 0 to 255, and, where asked for, red, green, blue. */
export interface Cells {
  readonly luma: Uint8Array;
  readonly rgb: Uint8Array;
}

/** At most this many samples across and down are looked at in a cell. */
const LUMA_SAMPLES = 6;
const CHROMA_SAMPLES = 2;
/** Pictures at least this high are high definition, which has a colour matrix of its own (BT.709, else BT.601). */
const HD_HEIGHT = 720;
const BT601 = { redV: 1.402, greenU: 0.344, greenV: 0.714, blueU: 1.772 } as const;
const BT709 = { redV: 1.5748, greenU: 0.1873, greenV: 0.4681, blueU: 1.8556 } as const;

/** Makes the reader of frames of this codec; its result is good until the next call. Throws StreamError `unsupported`. */
export function createCellReader(
  codec: VideoCodec,
  grid: { readonly columns: number; readonly rows: number },
  withColour: boolean,
): (frame: Buffer) => Cells | undefined {
  const { width, height, pixelFormat = 'yuv420p' } = codec;
  const layout = frameLayout(pixelFormat, width, height);
  if (layout?.bytesPerSample !== 1 || layout.bytes === 0) {
    throw new StreamError('unsupported', `ascii cannot draw ${pixelFormat} ${width}x${height}`);
  }
  const count = grid.columns * grid.rows;
  const [luma, u, v] = [new Uint8Array(count), new Uint8Array(count), new Uint8Array(count)];
  const rgb = new Uint8Array(withColour ? 3 * count : 0);
  const [lumaPlane, uPlane, vPlane] = layout.planes;
  const sampleLuma = sampler(lumaPlane!, grid, LUMA_SAMPLES);
  const sampleU = uPlane && sampler(uPlane, grid, CHROMA_SAMPLES);
  const sampleV = vPlane && sampler(vPlane, grid, CHROMA_SAMPLES);
  const toFullRange = rangeTable(layout);
  const matrix = height >= HD_HEIGHT ? BT709 : BT601;
  if (!sampleU) {
    u.fill(128);
    v.fill(128);
  }

  return (frame) => {
    if (frame.length < layout.bytes) return undefined;
    sampleLuma(frame, luma);
    for (let cell = 0; cell < count; cell++) luma[cell] = toFullRange[luma[cell]!]!;
    if (withColour) {
      sampleU?.(frame, u);
      sampleV?.(frame, v);
      paint(luma, u, v, rgb, matrix, layout.fullRange ? 1 : 255 / 224);
    }
    return { luma, rgb };
  };
}

/** Means of the samples of a plane into cells. */
function sampler(
  plane: Plane,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  most: number,
): (frame: Buffer, cells: Uint8Array) => void {
  const across = positions(plane.width, columns, most);
  const down = positions(plane.height, rows, most);
  return (frame, cells) => {
    let cell = 0;
    for (const ys of down) {
      for (const xs of across) {
        let sum = 0;
        for (const y of ys) {
          const row = plane.offset + y * plane.width;
          for (const x of xs) sum += frame[row + x]!;
        }
        cells[cell++] = Math.round(sum / (xs.length * ys.length));
      }
    }
  };
}

/** For each of `count` cells the places to look at, spread evenly over its part of `length` samples; at least one. */
function positions(length: number, count: number, most: number): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const start = (index * length) / count;
    const size = length / count;
    const looks = Math.max(1, Math.min(most, Math.floor(size)));
    return Array.from({ length: looks }, (_, look) =>
      Math.min(length - 1, Math.floor(start + ((look + 0.5) * size) / looks)),
    );
  });
}

function rangeTable({ fullRange }: FrameLayout): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) =>
    fullRange ? value : Math.max(0, Math.min(255, Math.round(((value - 16) * 255) / 219))),
  );
}

function paint(
  luma: Uint8Array,
  u: Uint8Array,
  v: Uint8Array,
  rgb: Uint8Array,
  { redV, greenU, greenV, blueU }: typeof BT601 | typeof BT709,
  chromaScale: number,
): void {
  for (let cell = 0, at = 0; cell < luma.length; cell++) {
    const y = luma[cell]!;
    const cb = (u[cell]! - 128) * chromaScale;
    const cr = (v[cell]! - 128) * chromaScale;
    rgb[at++] = clampByte(y + redV * cr);
    rgb[at++] = clampByte(y - greenU * cb - greenV * cr);
    rgb[at++] = clampByte(y + blueU * cb);
  }
}

const clampByte = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value));

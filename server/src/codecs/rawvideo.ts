/**
 * Raw video: where the planes of a frame are. FFmpeg's planar pixel formats, without padding between rows.
 *
 *   yuv420p   Y: width × height │ U: half × half │ V: half × half      odd sizes are rounded up
 *   gray      Y
 */

/** One plane; widths and heights in samples. */
export interface Plane {
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** A frame of a pixel format and size. */
export interface FrameLayout {
  readonly planes: readonly Plane[];
  readonly bytesPerSample: number;
  /** Of a whole frame. */
  readonly bytes: number;
  /** Samples take all values of a byte, not 16 to 235. */
  readonly fullRange: boolean;
}

/** Planes, and how many samples of luma one of chroma stands for, across and down. */
const CHROMA: Readonly<Record<string, readonly [planes: number, across: number, down: number]>> = {
  gray: [1, 1, 1],
  yuv420p: [3, 2, 2],
  yuv422p: [3, 2, 1],
  yuv440p: [3, 1, 2],
  yuv411p: [3, 4, 1],
  yuv444p: [3, 1, 1],
  yuva444p: [4, 1, 1],
};

/** The layout of FFmpeg's `yuv420p`, `yuvj422p`, `gray10le` …; undefined for formats that are not planar or not little-endian. */
export function frameLayout(pixelFormat: string, width: number, height: number): FrameLayout | undefined {
  const [, base = '', depth] = /^(gray|yuva?j?4\d\dp)(9|1[0246])?(?:le)?$/.exec(pixelFormat) ?? [];
  const chroma = CHROMA[base.replace('yuvj', 'yuv')];
  if (!chroma || (depth !== undefined) !== pixelFormat.endsWith('le')) return undefined;
  const [count, across, down] = chroma;
  const bytesPerSample = depth ? 2 : 1;
  const planes: Plane[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const isChroma = index === 1 || index === 2;
    const plane = {
      offset,
      width: isChroma ? Math.ceil(width / across) : width,
      height: isChroma ? Math.ceil(height / down) : height,
    };
    planes.push(plane);
    offset += plane.width * plane.height * bytesPerSample;
  }
  return { planes, bytesPerSample, bytes: offset, fullRange: base === 'gray' || base.includes('j') };
}

/**
 * Frames of an IVF file, FFmpeg's plainest container for VP8, VP9 and AV1.
 *
 *   DKIF, header of 32 bytes, { size u32le, timestamp u64le, frame }…
 */

export function ivfFrames(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 32; at + 12 <= file.length; ) {
    const end = at + 12 + file.readUInt32LE(at);
    frames.push(file.subarray(at + 12, end));
    at = end;
  }
  return frames;
}

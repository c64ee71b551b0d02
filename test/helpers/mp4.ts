/**
 * Just enough of MP4 to take a box out of a file that FFmpeg wrote.
 */

/** The content of the first box of this type; throws if there is none. */
export function boxContent(mp4: Buffer, type: string): Buffer {
  const at = mp4.indexOf(type, 0, 'latin1');
  if (at < 4) throw new Error(`no ${type} box`);
  return mp4.subarray(at + 4, at - 4 + mp4.readUInt32BE(at - 4));
}

/** Makes pictures of cameras into JPEG files that every viewer opens: JFIF (ITU-T T.871 §10.1) with Huffman tables. */
import { withHuffmanTables } from '../../codecs/mjpeg.ts';

/** APP0: JFIF 1.01, no density, no thumbnail. */
const JFIF = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
const APP0 = 0xe0;
const APP1_EXIF = 0xe1;

/** Adds the Huffman tables and the JFIF header where the camera left them out; other pictures are given back as they are. */
export function completeJpeg(jpeg: Buffer): Buffer {
  const complete = withHuffmanTables(jpeg);
  const first = complete[3];
  const named = first === APP0 || first === APP1_EXIF;
  if (named || complete.length < 4) return complete;
  return Buffer.concat([complete.subarray(0, 2), JFIF, complete.subarray(2)]);
}

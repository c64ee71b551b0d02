/**
 * Motion JPEG as cameras serve it over HTTP: multipart/x-mixed-replace (RFC 2046 §5.1), one JPEG a part.
 *
 *   --boundary CRLF Content-Type: image/jpeg CRLF Content-Length: 12345 CRLF CRLF <JPEG> CRLF --boundary …
 *
 * The pictures are what counts; what stands between them is a help. Observed: Content-Length left out or wrong, LF
 * only, extra blank lines, boundaries with and without the dashes that the header has, a boundary line of its own before
 * each part (Foscam), parts without a header, text before the first part, pictures without their end marker.
 */
import { videoCodec } from '../../codecs/codec.ts';
import { findJpegEnd, parseJpegSize } from '../../codecs/mjpeg.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';

const MAXIMUM_HEADER_BYTES = 4096;
const MAXIMUM_JPEG_BYTES = 16 << 20;
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_END = Buffer.from([0xff, 0xd9]);
/** Padding that may follow the end marker inside of a part. */
const MAXIMUM_PADDING_BYTES = 64;

/** Demuxer of the body. */
export function createDemuxer(): Demuxer {
  const now = createArrivalClock(90000);
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;
  let corrupt = 0;

  const emit = (jpeg: Buffer, write: WritePacket): void => {
    const data = Buffer.from(jpeg);
    const size = parseJpegSize(data);
    if (!size) {
      corrupt++;
      return;
    }
    const { codec } = track ?? {};
    if (codec?.kind !== 'video' || codec.width !== size.width || codec.height !== size.height) {
      track = { id: 0, codec: videoCodec('mjpeg', size) };
    }
    const pts = now();
    write({ track: track!, data, pts, dts: pts, duration: 0, key: true, time: Date.now() });
  };

  /** Takes one picture off `pending`; false when it is not there as a whole yet. */
  const takePicture = (write: WritePacket): boolean => {
    const start = pending.indexOf(JPEG_START);
    if (start < 0) {
      if (pending.length > 2 * MAXIMUM_HEADER_BYTES) pending = pending.subarray(-MAXIMUM_HEADER_BYTES);
      return false;
    }
    const end = endOfPicture(pending, start);
    if (end < 0) {
      if (pending.length - start > MAXIMUM_JPEG_BYTES) {
        corrupt++;
        pending = Buffer.alloc(0);
      }
      return false;
    }
    emit(pending.subarray(start, end), write);
    pending = pending.subarray(end);
    return true;
  };

  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    get corrupt() {
      return corrupt;
    },
    push(bytes, write) {
      pending = pending.length > 0 ? Buffer.concat([pending, bytes]) : Buffer.from(bytes);
      while (takePicture(write));
    },
    flush() {
      if (pending.includes(JPEG_START)) corrupt++;
      pending = Buffer.alloc(0);
    },
  };
}

/** Behind the last byte of the picture at `start`; -1 while that has not come. */
function endOfPicture(data: Buffer, start: number): number {
  const told = toldEnd(data, start);
  // The next picture is there already: a length that is too long, or a thumbnail.
  if (told > data.length) return data.indexOf(JPEG_START, start + 3) < 0 ? -1 : endOfJpeg(data, start);
  return told > start && isEnd(data, start, told) ? told : endOfJpeg(data, start);
}

/** Where the part ends by the Content-Length before it; NaN without one. */
function toldEnd(data: Buffer, start: number): number {
  const header = data.toString('latin1', Math.max(0, start - MAXIMUM_HEADER_BYTES), start);
  const length = Number([...header.matchAll(/^content-length[ \t]*:[ \t]*(\d{1,9})\b/gim)].at(-1)?.[1]);
  const blank = Math.max(header.lastIndexOf('\n\n') + 2, header.lastIndexOf('\n\r\n') + 3);
  return start - header.length + blank + length;
}

/** Whether a part may end here: behind an end marker, or before what looks like a boundary. */
function isEnd(data: Buffer, start: number, end: number): boolean {
  const tail = data.subarray(Math.max(start, end - MAXIMUM_PADDING_BYTES), end);
  if (tail.lastIndexOf(JPEG_END) >= 0) return true;
  return /^(?:\r?\n)*--/.test(data.toString('latin1', end, end + 8));
}

/** By the bytes of the JPEG; where its end marker is missing, before the header of the next one. */
function endOfJpeg(data: Buffer, start: number): number {
  const end = findJpegEnd(data, start);
  if (end < 0 || data.indexOf(JPEG_END, end - 2) === end - 2) return end;
  const from = Math.max(start, end - MAXIMUM_HEADER_BYTES);
  const header = /(?:\r?\n)+--[ -~]*\r?\n(?:[\t -~]*\r?\n)*$/.exec(data.toString('latin1', from, end));
  return header ? from + header.index : end;
}

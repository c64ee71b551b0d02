/**
 * Motion JPEG as cameras serve it over HTTP: multipart/x-mixed-replace (RFC 2046 §5.1), one JPEG a part.
 *
 *   --boundary CRLF Content-Type: image/jpeg CRLF Content-Length: 12345 CRLF CRLF <JPEG> CRLF --boundary …
 *
 * Observed: cameras that leave Content-Length out (the part ends at the next boundary), LF only, extra blank lines,
 * a boundary line of its own before each part (Foscam).
 */
import { videoCodec } from '../../codecs/codec.ts';
import { parseJpegSize } from '../../codecs/mjpeg.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';

const MAXIMUM_HEADER_BYTES = 8192;
const MAXIMUM_JPEG_BYTES = 16 << 20;
const JPEG_START = Buffer.from([0xff, 0xd8]);

/** Demuxer of the body. */
export function createDemuxer(): Demuxer {
  const now = createArrivalClock(90000);
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;

  const emit = (jpeg: Buffer, write: WritePacket): void => {
    const start = jpeg.indexOf(JPEG_START);
    if (start < 0) return;
    const data = Buffer.from(jpeg.subarray(start));
    track ??= { id: 0, codec: videoCodec('mjpeg', parseJpegSize(data) ?? {}) };
    const pts = now();
    write({ track, data, pts, dts: pts, duration: 0, key: true, time: Date.now() });
  };

  /** Takes one part off `pending`; false when it is not there as a whole yet. */
  const takePart = (write: WritePacket): boolean => {
    const header = /^\s*(--[^\r\n]+)\r?\n((?:[^\r\n]+\r?\n)*)\r?\n/.exec(
      pending.toString('latin1', 0, MAXIMUM_HEADER_BYTES),
    );
    if (!header) return false;
    const [head, boundary = '', fields = ''] = header;
    const length = Number(/^content-length:\s*(\d+)/im.exec(fields)?.[1] ?? Number.NaN);
    const start = head.length;
    if (!fields.trim()) {
      pending = pending.subarray(start);
      return true;
    }
    const end = Number.isNaN(length) ? pending.indexOf(boundary, start) : start + length;
    if (end < 0 || end > pending.length) return false;
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
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      while (takePart(write));
      if (pending.length > MAXIMUM_JPEG_BYTES) pending = Buffer.alloc(0);
    },
  };
}

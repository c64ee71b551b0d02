/**
 * JPEG pictures one behind the other (FF D8 … FF D9 FF D8 … FF D9), with or without garbage before the first.
 * There are no timestamps: arrival time stands in for them.
 */
import { videoCodec } from '../../codecs/codec.ts';
import { parseJpegSize } from '../../codecs/mjpeg.ts';
import type { Demuxer, Track } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';

const START = Buffer.from([0xff, 0xd8, 0xff]);
const END = Buffer.from([0xff, 0xd9]);
const MAXIMUM_JPEG_BYTES = 16 << 20;

/** Demuxer; a picture ends at FF D9 followed by another picture, or where a read ends. */
export function createDemuxer(): Demuxer {
  const now = createArrivalClock(90000);
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;
  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        const start = pending.indexOf(START);
        if (start < 0) break;
        const end = endOfPicture(pending, start);
        if (end < 0) break;
        const data = Buffer.from(pending.subarray(start, end));
        pending = pending.subarray(end);
        track ??= { id: 0, codec: videoCodec('mjpeg', parseJpegSize(data) ?? {}) };
        const pts = now();
        write({ track, data, pts, dts: pts, duration: 0, key: true, time: Date.now() });
      }
      if (pending.length > MAXIMUM_JPEG_BYTES) pending = Buffer.alloc(0);
    },
  };
}

/** Behind the FF D9 that ends the picture; a thumbnail inside has one too, which neither a picture nor the read's end follows. */
function endOfPicture(data: Buffer, start: number): number {
  for (let end = data.indexOf(END, start); end >= 0; end = data.indexOf(END, end + 2)) {
    if (end + 2 === data.length || data.indexOf(START, end + 2) === end + 2) return end + 2;
  }
  return -1;
}

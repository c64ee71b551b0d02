/**
 * JPEG pictures one behind the other (FF D8 … FF D9 FF D8 … FF D9), with or without garbage before the first.
 * There are no timestamps: arrival time stands in for them.
 */
import { videoCodec } from '../../codecs/codec.ts';
import { findJpegEnd, parseJpegSize } from '../../codecs/mjpeg.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';

const START = Buffer.from([0xff, 0xd8, 0xff]);
const MAXIMUM_JPEG_BYTES = 16 << 20;

/** Demuxer. */
export function createDemuxer(): Demuxer {
  const now = createArrivalClock(90000);
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;
  let corrupt = 0;

  const emit = (data: Buffer, write: WritePacket): void => {
    const size = parseJpegSize(data);
    if (!size) {
      corrupt++;
      return;
    }
    track ??= { id: 0, codec: videoCodec('mjpeg', size) };
    const pts = now();
    write({ track, data, pts, dts: pts, duration: 0, key: true, time: Date.now() });
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
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        const start = pending.indexOf(START);
        if (start < 0) break;
        const end = findJpegEnd(pending, start);
        if (end < 0) break;
        if (track && start > 0) corrupt++;
        emit(Buffer.from(pending.subarray(start, end)), write);
        pending = pending.subarray(end);
      }
      if (pending.length > MAXIMUM_JPEG_BYTES) {
        corrupt++;
        pending = Buffer.alloc(0);
      }
    },
    flush() {
      if (pending.includes(START)) corrupt++;
      pending = Buffer.alloc(0);
    },
  };
}

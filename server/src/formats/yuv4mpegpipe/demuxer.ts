/**
 * YUV4MPEG2: raw pictures with a line of text before each. Source of truth: mjpegtools, man yuv4mpeg.
 *
 *   YUV4MPEG2 W320 H240 F25:1 … LF │ FRAME LF │ Y U V │ FRAME LF │ Y U V …
 *
 * Pictures are counted by the rate of the header; without one the arrival time stands in. A header in mid-stream
 * begins a new size; bytes between pictures are passed over.
 */
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';
import { MAGIC, readStreamHeader } from './header.ts';

const FRAME = 'FRAME';
const LINE_FEED = 10;
const MAXIMUM_LINE = 1024;
const TIME_BASE = 90000;

/** Demuxer. Throws StreamError for a header that it cannot use. */
export function createDemuxer(): Demuxer {
  const now = createArrivalClock(TIME_BASE);
  let track: Track | undefined;
  let frameBytes = 0;
  let ticksPerFrame = 0;
  let pts = 0;
  let line = '';
  let frame: Buffer | undefined;
  let filled = 0;
  let corrupt = 0;

  const takeLine = (): void => {
    const headerAt = line.lastIndexOf(MAGIC);
    if (headerAt >= 0) {
      const header = readStreamHeader(line.slice(headerAt));
      track = { id: 0, codec: header.codec };
      frameBytes = header.frameBytes;
      ticksPerFrame = header.rate ? TIME_BASE / header.rate : 0;
    } else if (!track) {
      throw new StreamError('protocol', 'y4m: no stream header');
    } else if (line.includes(FRAME)) {
      if (!line.startsWith(FRAME)) corrupt++;
      frame = Buffer.allocUnsafe(frameBytes);
      filled = 0;
    }
    line = '';
  };

  const emit = (data: Buffer, write: WritePacket): void => {
    if (!track) return;
    const at = ticksPerFrame ? Math.round(pts) : now();
    pts += ticksPerFrame;
    const duration = ticksPerFrame ? Math.round(pts) - at : 0;
    write({ track, data, pts: at, dts: at, duration, key: true, time: Date.now() });
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
      let at = 0;
      while (at < bytes.length) {
        if (frame) {
          const count = bytes.copy(frame, filled, at);
          filled += count;
          at += count;
          if (filled < frame.length) return;
          const whole = frame;
          frame = undefined;
          emit(whole, write);
          continue;
        }
        const feed = bytes.indexOf(LINE_FEED, at);
        const end = feed < 0 ? bytes.length : feed;
        line = (line + bytes.toString('latin1', Math.max(at, end - MAXIMUM_LINE), end)).slice(-MAXIMUM_LINE);
        at = end + 1;
        if (feed >= 0) takeLine();
      }
    },
    flush() {
      if (frame) corrupt++;
      frame = undefined;
    },
  };
}

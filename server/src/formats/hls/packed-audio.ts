/**
 * Packed audio: segments of ADTS frames whose time stands in an ID3 tag in front (RFC 8216 §3.4).
 *
 *   "ID3" 04 00 flags size:28 │ "PRIV" size flags │ "com.apple.streaming.transportStreamTimestamp" 00 time:64 │ ADTS frames
 */
import { aacCodec, buildAudioSpecificConfig, parseAdtsHeader } from '../../codecs/aac.ts';
import { sameCodec } from '../../codecs/codec.ts';
import type { Demuxer, Track } from '../../core/model.ts';
import { CLOCK_RATE, createUnwrapper } from '../mpegts/transport.ts';

const OWNER = Buffer.from('com.apple.streaming.transportStreamTimestamp\0', 'latin1');
const ID3_HEADER_BYTES = 10;
const FRAME_SAMPLES = 1024;
/** A time that differs by less from the count of samples is rounding. */
const TOLERANCE_SECONDS = 0.1;

/** Demuxer; each `push` is a whole segment. */
export function createPackedAudioDemuxer(): Demuxer {
  const unwrap = createUnwrapper();
  let track: Track | undefined;
  let dts = 0;
  let corrupt = 0;
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
      const { end: start, ticks } = readId3(bytes);
      let seconds = ticks === undefined ? undefined : unwrap(ticks) / CLOCK_RATE;
      for (let offset = start; offset + 7 <= bytes.length; ) {
        const header = parseAdtsHeader(bytes, offset);
        const end = offset + (header?.frameLength ?? 0);
        const codec = header && aacCodec(buildAudioSpecificConfig(header));
        if (!header || !codec || end > bytes.length) {
          corrupt++;
          const next = bytes.indexOf(0xff, offset + 1);
          offset = next < 0 ? bytes.length : next;
          continue;
        }
        if (!track || !sameCodec(track.codec, codec)) track = { id: 0, codec };
        const told = seconds === undefined ? dts : Math.round(seconds * codec.timeBase);
        if (Math.abs(told - dts) > TOLERANCE_SECONDS * codec.timeBase) dts = told;
        seconds = undefined;
        const data = Buffer.from(bytes.subarray(offset + header.headerLength, end));
        const duration = FRAME_SAMPLES * header.blocks;
        write({ track, data, pts: dts, dts, duration, key: true, time: Date.now() });
        dts += duration;
        offset = end;
      }
    },
  };
}

/** Where the tag ends, and the time it tells, in ticks of 90 kHz. */
function readId3(bytes: Buffer): { end: number; ticks: number | undefined } {
  if (bytes.length < ID3_HEADER_BYTES || bytes.toString('latin1', 0, 3) !== 'ID3')
    return { end: 0, ticks: undefined };
  let size = 0;
  for (let at = 6; at < ID3_HEADER_BYTES; at++) size = (size << 7) | (bytes[at]! & 0x7f);
  const end = Math.min(bytes.length, ID3_HEADER_BYTES + size);
  const owner = bytes.indexOf(OWNER);
  const at = owner + OWNER.length;
  if (owner < 0 || at + 8 > end) return { end, ticks: undefined };
  return { end, ticks: Number(bytes.readBigUInt64BE(at) & 0x1ffffffffn) };
}

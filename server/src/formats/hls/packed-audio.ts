/**
 * Packed audio: segments of ADTS frames whose time stands in an ID3 tag in front (RFC 8216 §3.4).
 *
 *   "ID3" 04 00 flags size:28 │ "PRIV" size flags │ "com.apple.streaming.transportStreamTimestamp" 00 time:64 │ ADTS frames
 */
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { createAdtsFraming } from '../mpegts/audio-framing.ts';
import { AudioReader } from '../mpegts/audio-reader.ts';
import { createUnwrapper } from '../mpegts/transport.ts';

const OWNER = Buffer.from('com.apple.streaming.transportStreamTimestamp\0', 'latin1');
const ID3_HEADER_BYTES = 10;

/** Demuxer; each `push` is a whole segment. */
export function createPackedAudioDemuxer(): Demuxer {
  const unwrap = createUnwrapper();
  let track: Track | undefined;
  let cutShort = 0;
  let write: WritePacket = () => {};
  const reader = new AudioReader(createAdtsFraming(), (codec, data, pts, duration) => {
    if (track?.codec !== codec) track = { id: 0, codec };
    write({ track, data, pts, dts: pts, duration, key: true, time: Date.now() });
  });
  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    get corrupt() {
      return reader.corrupt + cutShort;
    },
    push(bytes, writePacket) {
      write = writePacket;
      const { end, ticks } = readId3(bytes);
      const pts = ticks === undefined ? undefined : unwrap(ticks);
      const times = pts === undefined && track ? undefined : { pts: pts ?? 0 };
      reader.push(Buffer.from(bytes.subarray(end)), times);
      if (reader.lost()) cutShort++;
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

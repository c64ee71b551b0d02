/**
 * Sun audio, and `audio/basic` as cameras serve it: mu-law of 8000 Hz, one channel, without any header.
 * Source of truth: RFC 2046 §4.2 (audio/basic), the Audio File Format of Sun (man au).
 *
 *   ".snd" │ offset of the samples u32 │ length u32 │ encoding u32: 1 mu-law, 3 PCM of 16 bits, 27 A-law │ rate │ channels
 */
import { type AudioCodec, type AudioCodecName, audioCodec } from '../../codecs/codec.ts';
import { bytesPerSample } from '../../codecs/pcm.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';

export const MAGIC = '.snd';
const BASIC: AudioCodec = audioCodec('pcm_mulaw', 8000);
const CODECS: Readonly<Record<number, AudioCodecName>> = { 1: 'pcm_mulaw', 3: 'pcm_s16be', 27: 'pcm_alaw' };
const HEADER_BYTES = 24;
const MAXIMUM_HEADER_BYTES = 64 << 10;
const PACKET_SECONDS = 0.02;

/** Demuxer; packets of 20 ms. Throws StreamError `unsupported` for other sample formats. */
export function createDemuxer(): Demuxer {
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  let track: Track | undefined;
  let pts = 0;

  const begin = (): void => {
    if (pending.length < MAGIC.length) return;
    if (pending.toString('latin1', 0, MAGIC.length) !== MAGIC) track = { id: 0, codec: BASIC };
    else if (pending.length >= HEADER_BYTES) {
      skip = pending.readUInt32BE(4);
      track = { id: 0, codec: readHeader(pending) };
    }
  };

  const writeSamples = ({ codec }: Track & { codec: AudioCodec }, write: WritePacket): void => {
    const packetTicks = Math.round(codec.sampleRate * PACKET_SECONDS);
    const packetBytes = packetTicks * bytesPerSample(codec) * codec.channels;
    let offset = 0;
    for (; track && offset + packetBytes <= pending.length; offset += packetBytes) {
      const data = Buffer.from(pending.subarray(offset, offset + packetBytes));
      write({ track, data, pts, dts: pts, duration: packetTicks, key: true, time: Date.now() });
      pts += packetTicks;
    }
    pending = pending.subarray(offset);
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
      if (!track) begin();
      if (!track) return;
      const skipped = Math.min(skip, pending.length);
      pending = pending.subarray(skipped);
      skip -= skipped;
      writeSamples(track as Track & { codec: AudioCodec }, write);
    },
  };
}

function readHeader(header: Buffer): AudioCodec {
  const [offset, encoding] = [header.readUInt32BE(4), header.readUInt32BE(12)];
  const [sampleRate, channels] = [header.readUInt32BE(16), header.readUInt32BE(20)];
  const name = CODECS[encoding];
  const isUsable = sampleRate >= 4000 && sampleRate <= 192000 && channels >= 1 && channels <= 2;
  if (!name || !isUsable || offset < HEADER_BYTES || offset > MAXIMUM_HEADER_BYTES) {
    throw new StreamError('unsupported', `au: encoding ${encoding}, ${channels} channels, ${sampleRate} Hz`);
  }
  return audioCodec(name, sampleRate, channels);
}

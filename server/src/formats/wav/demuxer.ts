/**
 * RIFF/WAVE with PCM (Microsoft RIFF specification): chunks until `data`, then samples to the end of the input, whatever
 * the size of `data` says: live encoders don't know it.
 *
 *   "RIFF" size "WAVE" | "fmt " 16 | format 1=PCM 6=A-law 7=mu-law | channels | rate | … | "data" size | samples …
 */
import { type AudioCodecName, audioCodec } from '../../codecs/codec.ts';
import { bytesPerSample } from '../../codecs/pcm.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';

const CODECS: Readonly<Record<number, AudioCodecName>> = { 1: 'pcm_s16le', 6: 'pcm_alaw', 7: 'pcm_mulaw' };
/** WAVE_FORMAT_EXTENSIBLE: the real format stands in the first bytes of its GUID. */
const EXTENSIBLE = 0xfffe;
const RIFF_BYTES = 12;
/** RF64 is for files of more than 4 GB (EBU Tech 3306). */
const WAVE_FILES = ['RIFFWAVE', 'RF64WAVE'];
const CHUNK_HEADER_BYTES = 8;
const MAXIMUM_HEADER_BYTES = 64 << 10;
const PACKET_SECONDS = 0.02;

/** Demuxer; packets of 20 ms. Throws StreamError `unsupported` for other sample formats. */
export function createDemuxer(): Demuxer {
  let pending: Buffer = Buffer.alloc(0);
  let track: Track | undefined;
  let inData = false;
  let frameBytes = 1;
  let packetFrames = 160;
  let pts = 0;

  const readFormat = (chunk: Buffer): void => {
    const tag = chunk.readUInt16LE(0);
    const format = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
    const name = CODECS[format];
    const [channels, sampleRate, bits] = [
      chunk.readUInt16LE(2),
      chunk.readUInt32LE(4),
      chunk.readUInt16LE(14),
    ];
    const codec = name && audioCodec(name, sampleRate, channels);
    if (
      !codec ||
      bits !== 8 * bytesPerSample(codec) ||
      channels < 1 ||
      channels > 2 ||
      sampleRate < 4000 ||
      sampleRate > 192000
    ) {
      throw new StreamError(
        'unsupported',
        `wav: format ${format}, ${bits} bits, ${channels} channels, ${sampleRate} Hz`,
      );
    }
    track = { id: 0, codec };
    frameBytes = bytesPerSample(codec) * channels;
    packetFrames = Math.round(sampleRate * PACKET_SECONDS);
  };

  const readHeader = (): void => {
    if (pending.length < RIFF_BYTES) return;
    const magic = pending.toString('latin1', 0, 4) + pending.toString('latin1', 8, RIFF_BYTES);
    if (!WAVE_FILES.includes(magic)) throw new StreamError('protocol', 'wav: not a WAVE file');
    let offset = RIFF_BYTES;
    while (offset + CHUNK_HEADER_BYTES <= pending.length) {
      const name = pending.toString('latin1', offset, offset + 4);
      const size = pending.readUInt32LE(offset + 4);
      const start = offset + CHUNK_HEADER_BYTES;
      if (name === 'data') {
        if (!track) throw new StreamError('protocol', 'wav: data before format');
        inData = true;
        pending = pending.subarray(start);
        return;
      }
      if (start + size > pending.length) break;
      if (name === 'fmt ' && size >= 16) readFormat(pending.subarray(start, start + size));
      offset = start + size + (size & 1);
    }
    if (pending.length > MAXIMUM_HEADER_BYTES) throw new StreamError('protocol', 'wav: no data chunk');
  };

  const readSamples = (write: WritePacket): void => {
    const packetBytes = packetFrames * frameBytes;
    let offset = 0;
    for (; track && offset + packetBytes <= pending.length; offset += packetBytes) {
      const data = Buffer.from(pending.subarray(offset, offset + packetBytes));
      write({ track, data, pts, dts: pts, duration: packetFrames, key: true, time: Date.now() });
      pts += packetFrames;
    }
    pending = pending.subarray(offset);
  };

  return {
    get ready() {
      return inData;
    },
    get tracks() {
      return track && inData ? [track] : [];
    },
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      if (!inData) readHeader();
      if (inData) readSamples(write);
    },
  };
}

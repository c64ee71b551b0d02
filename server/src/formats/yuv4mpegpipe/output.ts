/**
 * `GET /api/stream.y4m`: the stream as raw pictures, the header of header.ts and `FRAME LF` before each. Every picture
 * stands alone: a slow viewer gets fewer of them.
 */
import type { Chunk, Muxer, Output, Packet, Track } from '../../core/model.ts';
import { writeStreamHeader } from './header.ts';

const FRAME_HEADER = Buffer.from('FRAME\n');
const MAXIMUM_QUEUED_PICTURES = 2;

export function createOutput(_query: URLSearchParams): Output {
  return {
    key: 'yuv4mpegpipe',
    accepts: [{ kind: 'video', codecs: [{ name: 'rawvideo' }] }],
    maximumQueuedChunks: MAXIMUM_QUEUED_PICTURES,
    createMuxer,
  };
}

/** Muxer of one track of raw video. Throws StreamError `unsupported` for a pixel format that Y4M does not know. */
export function createMuxer(tracks: readonly Track[]): Muxer {
  const track = tracks.find(({ codec }) => codec.name === 'rawvideo');
  const header = track?.codec.kind === 'video' ? writeStreamHeader(track.codec) : '';
  return {
    contentType: 'video/x-yuv4mpeg',
    header: [Buffer.from(header)],
    mux({ data, dts, track: from }: Packet): Chunk | undefined {
      if (from.id !== track?.id) return undefined;
      return {
        body: [FRAME_HEADER, data],
        bytes: FRAME_HEADER.length + data.length,
        key: true,
        seconds: dts / from.codec.timeBase,
        packets: 1,
      };
    },
  };
}

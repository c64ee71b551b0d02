/** The MJPEG output: every chunk is one JPEG file. */
import type { Accepts, Chunk, Muxer, Output, Packet } from '../../core/model.ts';
import { completeJpeg } from '../jpeg/complete.ts';

const ACCEPT_MJPEG: Accepts = [{ kind: 'video', codecs: [{ name: 'mjpeg' }] }];

const MAXIMUM_QUEUED_PICTURES = 2;

/** Makes the output: the camera's own pictures, else those that the core makes of its video. */
export function createMjpegOutput(): Output {
  return {
    key: 'mjpeg',
    accepts: ACCEPT_MJPEG,
    maximumQueuedChunks: MAXIMUM_QUEUED_PICTURES,
    createMuxer: createMjpegMuxer,
  };
}

/** Packets to whole JPEG files. */
function createMjpegMuxer(): Muxer {
  return { contentType: 'image/jpeg', header: [], mux: jpegChunk };
}

function jpegChunk({ data, dts, track }: Packet): Chunk {
  const jpeg = completeJpeg(data);
  return { body: [jpeg], bytes: jpeg.length, key: true, seconds: dts / track.codec.timeBase, packets: 1 };
}

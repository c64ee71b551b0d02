/**
 * Key frames over the socket, for browsers without Media Source Extensions and for links that carry no more:
 *
 *   → {"type":"mp4","value":"avc1.640029,…"}
 *   ← {"type":"mse","value":"video/mp4; codecs=\"avc1.640029\""}
 *   ← one whole MP4 with one key frame a message
 */
import { createPictures, type Picture } from './pictures.ts';
import type { StreamSocket } from './socket.ts';
import type { Transport, TransportEvents, TransportOptions } from './transport.ts';

/** What a plain video element decodes; asked with canPlayType, which needs no Media Source Extensions. */
const CODECS = ['avc1.640029', 'avc1.64002A', 'avc1.640033', 'hvc1.1.6.L153.B0'];
const DECODE_MS = 5000;

export function openMp4(socket: StreamSocket, options: TransportOptions, events: TransportEvents): Transport {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  const pictures = createPictures((bytes) => decode(video, bytes), events);
  socket.onBinary = pictures.push;
  const codecs = CODECS.filter((codec) => video.canPlayType(`video/mp4; codecs="${codec}"`));
  socket.send('mp4', codecs.join());
  return {
    mode: options.mode,
    element: pictures.canvas,
    audio: false,
    close() {
      socket.onBinary = undefined;
      pictures.close();
      video.removeAttribute('src');
      video.load();
    },
  };
}

async function decode(video: HTMLVideoElement, bytes: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
  try {
    await new Promise<void>((resolve, reject) => {
      video.onloadeddata = () => resolve();
      video.onerror = () => reject(new Error(video.error?.message));
      setTimeout(() => reject(new Error('timed out')), DECODE_MS);
      video.src = url;
    });
    return { image: video, width: video.videoWidth, height: video.videoHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}

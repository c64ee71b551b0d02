/** Motion JPEG over the socket: → {"type":"mjpeg"}, ← {"type":"mjpeg"}, then one whole JPEG a message. */
import { createPictures } from './pictures.ts';
import type { StreamSocket } from './socket.ts';
import type { Transport, TransportEvents, TransportOptions } from './transport.ts';

export function openMjpeg(
  socket: StreamSocket,
  options: TransportOptions,
  events: TransportEvents,
): Transport {
  const pictures = createPictures(async (bytes) => {
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    return { image, width: image.width, height: image.height };
  }, events);
  socket.onBinary = pictures.push;
  socket.send('mjpeg');
  return {
    mode: options.mode,
    element: pictures.canvas,
    audio: false,
    close() {
      socket.onBinary = undefined;
      pictures.close();
    },
  };
}

/**
 * Viewers of JPEG pictures.
 *
 *   GET /api/stream.mjpeg   multipart/x-mixed-replace; boundary=frame
 *
 *     --frame CRLF
 *     { Content-Type: image/jpeg CRLF  Content-Length: 1234 CRLF CRLF  <JPEG> CRLF --frame CRLF }…
 *
 *   WebSocket               → {"type":"mjpeg"}   ← {"type":"mjpeg"}   ← binary: <JPEG> …
 *
 * Each part is closed by the boundary of the next, in the same write: browsers show a picture when its part ends.
 *
 * To mount them: `await sendMjpeg(stream, response, client)`, which rejects with StreamError as long as nothing
 * has been written; `await watchMjpegSocket(stream, connection, onClose)`.
 */
import type { ServerResponse } from 'node:http';
import { type Watch, watch } from '../../core/broadcast.ts';
import { type Chunk, createPeer, type Peer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { sendBinary, type WsConnection } from '../../net/ws-frame.ts';
import { type HttpClient, watchByResponse } from '../http-viewer.ts';
import { createMjpegOutput } from './output.ts';

const BOUNDARY = 'frame';

/** Sends the stream as multipart JPEG until the client leaves or the stream ends. */
export async function sendMjpeg(
  stream: Stream,
  response: ServerResponse,
  client: HttpClient,
): Promise<Watch> {
  const peer = createPeer({ format: 'mpjpeg', protocol: 'http', ...client });
  return watchByResponse(stream, createMjpegOutput(), createHttpViewer(response, peer), response);
}

/** Sends the stream as binary messages. `onClose` is called when the stream leaves the viewer. Rejects with StreamError. */
export async function watchMjpegSocket(
  stream: Stream,
  connection: WsConnection,
  onClose: (reason?: Error) => void,
  signal?: AbortSignal,
): Promise<Watch> {
  return watch(stream, createMjpegOutput(), createSocketViewer(connection, onClose), signal);
}

function createHttpViewer(response: ServerResponse, peer: Peer): Viewer {
  let started = false;
  return {
    peer,
    get queuedBytes() {
      return response.writableLength;
    },
    start() {
      if (started) return;
      started = true;
      response.writeHead(200, {
        'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
        'cache-control': 'no-cache, no-store',
        connection: 'close',
        pragma: 'no-cache',
      });
      response.write(`--${BOUNDARY}\r\n`);
    },
    write(chunk) {
      if (response.writableEnded) return;
      response.cork();
      response.write(`Content-Type: image/jpeg\r\nContent-Length: ${chunk.bytes}\r\n\r\n`, 'latin1');
      for (const bytes of chunk.body) response.write(bytes);
      response.write(`\r\n--${BOUNDARY}\r\n`, 'latin1');
      response.uncork();
    },
    close() {
      response.end();
    },
  };
}

function createSocketViewer(connection: WsConnection, onClose: (reason?: Error) => void): Viewer {
  const { websocket, remoteAddress, userAgent } = connection;
  let started = false;
  return {
    peer: createPeer({ format: 'mjpeg', protocol: 'ws', remoteAddress, userAgent }),
    get queuedBytes() {
      return websocket.bufferedAmount;
    },
    start() {
      if (!started) websocket.send(JSON.stringify({ type: 'mjpeg' }));
      started = true;
    },
    write(chunk: Chunk) {
      sendBinary(connection, chunk.body);
    },
    close: onClose,
  };
}

/**
 * Key frames as complete MP4 files: `GET /api/frame.mp4`, and the `mp4` message of the WebSocket.
 *
 *   → {"type":"mp4","value":"avc1.640029,hvc1.1.6.L153.B0"}
 *   ← {"type":"mse","value":"video/mp4; codecs=\"avc1.640029\""}
 *   ← binary: ftyp moov moof mdat                                    one message per key frame
 *
 * To mount them: `frameMp4(stream)` gives the file; `watchKeyframes(stream, message.value, connection, onClose, signal)`.
 */
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Packet, type Peer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { sendBinary, type WsConnection } from '../../net/ws-frame.ts';
import { readPicture } from '../picture.ts';
import { mp4AcceptsFromCodecList, videoOnly } from './accepts.ts';
import type { Mp4Chunk } from './fragment.ts';
import { mp4ContentType } from './mime.ts';
import { Mp4Muxer } from './muxer.ts';
import { createMp4Output } from './output.ts';
import { PlaybackTime } from './playback-time.ts';

const FRAME_TIMEOUT_MS = 10_000;

export interface Mp4File {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The last key frame of the stream (h264 or hevc), or its first when it has to start. Rejects with StreamError. */
export async function frameMp4(stream: Stream, signal?: AbortSignal): Promise<Mp4File> {
  const [key] = await readPicture(stream, {
    codecs: ['h264', 'hevc'],
    peer: createPeer({ format: 'mp4', protocol: 'http' }),
    timeoutMs: FRAME_TIMEOUT_MS,
    signal,
  });
  if (!key) throw new StreamError('internal', 'no key frame');
  return { contentType: mp4ContentType([key.track]), bytes: Buffer.concat(mp4FileOf([key])) };
}

/** A complete file of these packets of one track. Throws StreamError `unsupported`. */
export function mp4FileOf(packets: readonly Packet[]): readonly Buffer[] {
  const muxer = new Mp4Muxer(packets[0] ? [packets[0].track] : []);
  const time = new PlaybackTime();
  const file = [...muxer.header];
  for (const packet of packets) {
    const chunk = muxer.mux(packet);
    const head = chunk && time.stamp(chunk);
    if (head) file.push(head, ...chunk.body);
  }
  return file;
}

/** Sends each key frame as a file to a player. `onClose` is called when the stream leaves the viewer. Rejects with StreamError. */
export async function watchKeyframes(
  stream: Stream,
  codecs: string,
  connection: WsConnection,
  onClose: (reason?: Error) => void,
  signal?: AbortSignal,
): Promise<Watch> {
  const accepts = videoOnly(mp4AcceptsFromCodecList(codecs));
  return watch(stream, createMp4Output(accepts), new KeyframeViewer(connection, onClose), signal);
}

class KeyframeViewer implements Viewer<Mp4Chunk> {
  readonly peer: Peer;
  readonly close: (reason?: Error) => void;
  readonly #connection: WsConnection;
  #header: readonly Buffer[] = [];

  constructor(connection: WsConnection, onClose: (reason?: Error) => void) {
    const { remoteAddress, userAgent } = connection;
    this.peer = createPeer({ format: 'mp4', protocol: 'ws', remoteAddress, userAgent });
    this.close = onClose;
    this.#connection = connection;
  }

  get queuedBytes(): number {
    return this.#connection.websocket.bufferedAmount;
  }

  start(muxer: Mp4Muxer): void {
    this.#header = muxer.header;
    const value = muxer.contentType;
    this.#connection.websocket.send(JSON.stringify({ type: 'mse', value }));
  }

  write(chunk: Mp4Chunk): void {
    if (!chunk.key) return;
    const head = new PlaybackTime().stamp(chunk);
    if (head) sendBinary(this.#connection, [...this.#header, head, ...chunk.body]);
  }
}

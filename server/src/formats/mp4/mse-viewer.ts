/**
 * MSE over a WebSocket, as go2rtc's players speak it.
 *
 *   → {"type":"mse","value":"avc1.640029,hvc1.1.6.L153.B0,mp4a.40.2,flac,opus"}     what the browser plays
 *   ← {"type":"mse","value":"video/mp4; codecs=\"avc1.640029,mp4a.40.2\""}
 *   ← binary: initialization segment
 *   ← binary: moof mdat                                                             one message per video frame
 *
 * When the camera changes its picture, another initialization segment follows in the same SourceBuffer. When it
 * changes to another codec the viewer is closed: a player has to begin anew.
 *
 * To mount it: `watchMse(stream, message.value, connection, onClose, signal)`; then `watch.close()` when the socket closes.
 */
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Peer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import {
  frameHeaderBytes,
  sendBinary,
  sendFrame,
  type WsConnection,
  writeFrameHeader,
} from '../../net/ws-frame.ts';
import { mp4AcceptsFromCodecList } from './accepts.ts';
import type { Mp4Chunk } from './fragment.ts';
import { limitLevel } from './mime.ts';
import type { Mp4Muxer } from './muxer.ts';
import { createMp4Output } from './output.ts';
import { PlaybackTime } from './playback-time.ts';

/**
 * Shows a stream to an MSE player. `codecs` is the player's list. `onClose` is called when the stream leaves the
 * viewer (not after `Watch.close`). Rejects with StreamError.
 */
export async function watchMse(
  stream: Stream,
  codecs: string,
  connection: WsConnection,
  onClose: (reason?: Error) => void,
  signal?: AbortSignal,
): Promise<Watch> {
  const output = createMp4Output(mp4AcceptsFromCodecList(codecs));
  return watch(stream, output, new MseViewer(connection, codecs, onClose), signal);
}

class MseViewer implements Viewer<Mp4Chunk> {
  readonly peer: Peer;
  readonly close: (reason?: Error) => void;
  readonly #connection: WsConnection;
  readonly #codecs: readonly string[];
  readonly #time = new PlaybackTime();
  #codecNames: string | undefined;

  constructor(connection: WsConnection, codecs: string, onClose: (reason?: Error) => void) {
    const { remoteAddress, userAgent } = connection;
    this.peer = createPeer({ format: 'mse/fmp4', protocol: 'ws', remoteAddress, userAgent });
    this.close = onClose;
    this.#connection = connection;
    this.#codecs = codecs.split(',').map((codec) => codec.trim());
  }

  get queuedBytes(): number {
    return this.#connection.websocket.bufferedAmount;
  }

  start(muxer: Mp4Muxer): void {
    const codecNames = muxer.tracks.map(({ codec }) => codec.name).join(', ');
    if (this.#codecNames === undefined) {
      const value = limitLevel(muxer.contentType, this.#codecs);
      this.#connection.websocket.send(JSON.stringify({ type: 'mse', value }));
    } else if (this.#codecNames !== codecNames) {
      throw new StreamError('closed', `camera changed its codecs to ${codecNames}`);
    }
    this.#codecNames = codecNames;
    this.#time.restart();
    sendBinary(this.#connection, muxer.header);
  }

  write(chunk: Mp4Chunk): void {
    const head = this.#time.stamp(chunk, frameHeaderBytes(chunk.bytes));
    if (!head) return;
    writeFrameHeader(head, chunk.bytes);
    sendFrame(this.#connection, head, chunk.body);
  }
}

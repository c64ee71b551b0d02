/**
 * `GET /api/stream.mp4`: an endless (or `duration` long) MP4 in one HTTP response.
 *
 *   video, audio, mp4     codecs, see accepts.ts
 *   duration              seconds; then the response ends as a complete file
 *   filename              saved under this name
 *   rotate                90, 180, 270 or -90: the player turns the picture
 *   scale                 X:Y, pixel aspect ratio
 *
 * A player takes one `moov` only, so key frames repeat their parameter sets: when the camera changes its picture,
 * decoders go on. When it changes its audio or its codec, the response ends.
 *
 * To mount it: `await sendMp4(stream, query, response, client)`; it rejects with StreamError as long as nothing has been
 * written, and has sent status and headers when it resolves.
 */
import type { ServerResponse } from 'node:http';
import { sameCodec } from '../../codecs/codec.ts';
import type { Watch } from '../../core/broadcast.ts';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Peer, type Track, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import {
  CHUNK_HEADER_BYTES,
  chunkSocket,
  writeChunk,
  writeChunkHeader,
  writePieces,
} from '../../net/http-chunk.ts';
import { contentDisposition, type HttpClient, watchByResponse } from '../http-viewer.ts';
import { rotationFromQuery } from '../rotation.ts';
import { mp4AcceptsFromQuery } from './accepts.ts';
import type { Mp4Chunk } from './fragment.ts';
import type { Presentation } from './init.ts';
import type { Mp4Muxer } from './muxer.ts';
import { createMp4Output } from './output.ts';
import { PlaybackTime } from './playback-time.ts';

/** Sends the stream as MP4 until the client leaves, the duration is over, or the stream ends. */
export async function sendMp4(
  stream: Stream,
  query: URLSearchParams,
  response: ServerResponse,
  client: HttpClient = {},
): Promise<Watch> {
  const output = createMp4Output(mp4AcceptsFromQuery(query), {
    ...presentationFromQuery(query),
    parameterSetsInBand: true,
  });
  const viewer = new HttpViewer(response, client, {
    durationSeconds: durationFromQuery(query),
    disposition: contentDisposition(query.get('filename')),
  });
  return watchByResponse(stream, output, viewer, response);
}

/**
 * Where Safari is sent instead: it plays HLS, and no endless MP4. Undefined for other browsers and for downloads of a
 * given duration. The result is relative to `/api/`.
 */
export function safariRedirect(userAgent: string | undefined, query: URLSearchParams): string | undefined {
  if (!userAgent?.includes(' Safari/') || userAgent.includes(' Chrome/') || query.has('duration'))
    return undefined;
  const target = new URLSearchParams(query);
  if (!target.has('mp4')) target.set('mp4', '');
  return `stream.m3u8?${target}`;
}

/** Reads `rotate` and `scale`. Throws StreamError `invalid`. */
export function presentationFromQuery(query: URLSearchParams): Presentation {
  const scale = query.get('scale');
  return { rotation: rotationFromQuery(query), ...(scale ? { pixelAspect: pixelAspectOf(scale) } : {}) };
}

function pixelAspectOf(text: string): readonly [number, number] {
  const match = /^([1-9]\d{0,4}):([1-9]\d{0,4})$/.exec(text);
  if (!match) throw new StreamError('invalid', 'scale has the form X:Y');
  return [Number(match[1]), Number(match[2])];
}

function durationFromQuery(query: URLSearchParams): number {
  const text = query.get('duration');
  if (!text) return Number.POSITIVE_INFINITY;
  const seconds = Number(text);
  if (!(seconds >= 0)) throw new StreamError('invalid', 'duration is a number of seconds');
  return seconds || Number.POSITIVE_INFINITY;
}

interface HttpViewerOptions {
  readonly durationSeconds: number;
  readonly disposition: string | undefined;
}

class HttpViewer implements Viewer<Mp4Chunk> {
  readonly peer: Peer;
  readonly #response: ServerResponse;
  readonly #options: HttpViewerOptions;
  readonly #time = new PlaybackTime();
  #tracks: readonly Track[] | undefined;

  constructor(response: ServerResponse, client: HttpClient, options: HttpViewerOptions) {
    this.peer = createPeer({ format: 'mp4', protocol: 'http', ...client });
    this.#response = response;
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#response.writableLength;
  }

  start({ tracks, contentType, header }: Mp4Muxer): void {
    if (this.#tracks) {
      if (!playsOn(this.#tracks, tracks)) throw new StreamError('closed', 'camera changed its codecs');
    } else {
      this.#response.writeHead(200, {
        'content-type': contentType,
        'cache-control': 'no-cache, no-store',
        connection: 'close',
        ...(this.#options.disposition ? { 'content-disposition': this.#options.disposition } : {}),
      });
      for (const bytes of header) this.#response.write(bytes);
    }
    this.#tracks = tracks;
    this.#time.restart();
  }

  write(chunk: Mp4Chunk): void {
    const response = this.#response;
    const head = this.#time.stamp(chunk, CHUNK_HEADER_BYTES);
    if (!head || response.writableEnded) return;
    const socket = chunkSocket(response);
    if (socket) {
      writeChunkHeader(head, chunk.bytes);
      writeChunk(socket, head, chunk.body);
    } else {
      writePieces(response, [head.subarray(CHUNK_HEADER_BYTES), ...chunk.body], chunk.bytes);
    }
    if (this.#time.seconds >= this.#options.durationSeconds) response.end();
  }

  close(): void {
    this.#response.end();
  }
}

/** Whether a player set up for the earlier tracks decodes the later ones: new parameter sets of video come in band, audio must not change. */
function playsOn(earlier: readonly Track[], later: readonly Track[]): boolean {
  return (
    earlier.length === later.length &&
    later.every(({ codec }, index) => {
      const before = earlier[index]!.codec;
      return codec.kind === 'video' ? codec.name === before.name : sameCodec(codec, before);
    })
  );
}

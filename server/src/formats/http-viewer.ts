/**
 * `GET /api/stream.{extension}`: any output of the table as one endless HTTP response, the same bytes for all viewers.
 *
 *   header │ chunks since the last key chunk │ live chunks …
 *
 * MP4 and multipart JPEG have viewers of their own (mp4/http-viewer.ts, mjpeg/viewers.ts).
 */
import type { ServerResponse } from 'node:http';
import { type Watch, watch } from '../core/broadcast.ts';
import { StreamError } from '../core/errors.ts';
import { type Chunk, createPeer, type Muxer, type Output, type Peer, type Viewer } from '../core/model.ts';
import type { Stream } from '../core/stream.ts';
import { writePieces } from '../net/http-chunk.ts';

/** Who asks. */
export interface HttpClient {
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Sends the output until the client leaves or the stream ends. Rejects with StreamError as long as nothing has been written. */
export async function sendOutput(
  stream: Stream,
  output: Output,
  response: ServerResponse,
  { format, disposition, ...client }: HttpClient & { format: string; disposition?: string | undefined },
): Promise<Watch> {
  const peer = createPeer({ format, protocol: 'http', ...client });
  return watchByResponse(stream, output, createHttpViewer(response, peer, disposition), response);
}

/** Adds a viewer that writes to this response to the stream, for as long as the response is open. Rejects as `watch` does. */
export async function watchByResponse<C extends Chunk>(
  stream: Stream,
  output: Output<C>,
  viewer: Viewer<C>,
  response: ServerResponse,
): Promise<Watch> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const joined = await watch(stream, output, viewer, left.signal);
  if (response.closed) joined.close();
  else response.once('close', () => joined.close());
  return joined;
}

function createHttpViewer(response: ServerResponse, peer: Peer, disposition: string | undefined): Viewer {
  let started = false;
  return {
    peer,
    get queuedBytes() {
      return response.writableLength;
    },
    start({ contentType, header, continuation }: Muxer) {
      if (started && !continuation) throw new StreamError('closed', 'camera changed its picture');
      if (!started) {
        response.writeHead(200, {
          'content-type': contentType,
          'cache-control': 'no-cache, no-store',
          connection: 'close',
          ...(disposition ? { 'content-disposition': disposition } : {}),
        });
        response.flushHeaders();
      }
      const bytes = started ? continuation! : header;
      started = true;
      for (const piece of bytes) response.write(piece);
    },
    write({ body, bytes }: Chunk) {
      if (!response.writableEnded) writePieces(response, body, bytes);
    },
    close() {
      response.end();
    },
  };
}

/** A `Content-Disposition` that saves under this name (RFC 6266); undefined without a name. */
export function contentDisposition(filename: string | null | undefined): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get into a header
  const name = filename?.replace(/[\x00-\x1f\x7f"\\/]/g, '_').slice(0, 200);
  if (!name) return undefined;
  const ascii = name.replace(/[^\x20-\x7e]/g, '_');
  if (ascii === name) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

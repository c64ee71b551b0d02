/** Serves what ffmpeg makes of a clip, in real time, each client from the start: by HTTP, and by plain TCP. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Writable } from 'node:stream';
import { spawnTied } from '../helpers/run.ts';

export interface Feeder {
  /** `http://127.0.0.1:PORT` and this path. */
  url(path: string): string;
  /** `tcp://127.0.0.1:PORT`, for a feeder that was started with words. */
  readonly tcp: string;
  /** Serves the output of ffmpeg with these words at this path. */
  add(path: string, words: readonly string[], contentType: string): void;
  /** Serves the files of a folder at all other paths. */
  serve(folder: string): void;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
};

/** Starts a feeder: of HTTP, or with `words` of plain TCP. */
export async function startFeeder(words?: readonly string[]): Promise<Feeder> {
  const children = new Set<ChildProcess>();
  const feeds = new Map<string, { words: readonly string[]; contentType: string }>();
  let folder: string | undefined;

  const feed = (to: Writable, ffmpegWords: readonly string[]): void => {
    const child = spawnTied('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', ...ffmpegWords, '-'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    child.stdout!.pipe(to);
    to.on('error', () => {});
    to.once('close', () => child.kill('SIGKILL'));
    child.once('exit', () => children.delete(child));
  };
  const answer = ({ url = '/' }: IncomingMessage, response: ServerResponse): void => {
    const path = url.split('?', 1)[0]!;
    const entry = feeds.get(path);
    if (entry) {
      response.writeHead(200, { 'content-type': entry.contentType });
      feed(response, entry.words);
      return;
    }
    const file = folder && join(folder, normalize(path));
    if (!file || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  };
  const http = words ? undefined : createServer(answer);
  const server: Server = http ?? createTcpServer((socket) => feed(socket, words!));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    tcp: `tcp://127.0.0.1:${port}`,
    add: (path, ffmpegWords, contentType) => void feeds.set(path, { words: ffmpegWords, contentType }),
    serve(path) {
      folder = path;
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      http?.closeAllConnections();
      server.close();
    },
  };
}

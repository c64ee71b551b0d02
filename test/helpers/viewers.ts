/** Viewers that count and keep what they get: fragmented MP4 over WebSocket (MSE) and over HTTP. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type Decoded, decode } from './ffmpeg.ts';
import type { TestServer } from './server.ts';
import { until } from './wait.ts';

const CODECS = 'avc1.640029,avc1.64002A,hvc1.1.6.L153.B0,mp4a.40.2,flac,opus';

/** A browser's MSE session without a browser. */
export class MseViewer {
  readonly #socket: WebSocket;
  readonly #keep: boolean;
  /** Bytes kept, one list for each initialisation. */
  readonly #runs: Buffer[][] = [];
  /** MIME types told. */
  readonly types: string[] = [];
  /** Initialisation segments so far: another one comes with a new picture size. */
  initialisations = 0;
  readonly errors: string[] = [];
  /** Binary messages. */
  messages = 0;
  bytes = 0;
  closed = false;
  /** When the last media message came. */
  lastAt = 0;

  constructor(socket: WebSocket, keep: boolean) {
    this.#socket = socket;
    this.#keep = keep;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') return this.#text(JSON.parse(data));
      this.#media(Buffer.from(data as ArrayBuffer));
    };
    socket.onclose = () => {
      this.closed = true;
    };
  }

  #text({ type, value }: { type: string; value: string }): void {
    if (type === 'mse') this.types.push(value);
    if (type === 'error') this.errors.push(value);
  }

  #media(bytes: Buffer): void {
    this.messages++;
    this.bytes += bytes.length;
    this.lastAt = performance.now();
    if (bytes.toString('latin1', 4, 8) === 'ftyp') {
      this.initialisations++;
      this.#runs.push([]);
    }
    if (this.#keep) this.#runs.at(-1)?.push(bytes);
  }

  /** Waits until `count` more media messages have come. */
  async more(count: number, timeoutMs?: number): Promise<void> {
    const target = this.messages + count;
    await until(`${count} more messages (${this.errors})`, () => this.messages >= target, timeoutMs);
  }

  /** Waits until media has come for `seconds` from now on, with no pause of half a second. */
  async play(seconds: number, timeoutMs = 10_000): Promise<void> {
    const asked = this.messages;
    let since = 0;
    await until(
      `${seconds} s of media (${this.errors})`,
      () => {
        if (this.closed) throw new Error(`the server closed the viewer (${this.errors})`);
        const now = performance.now();
        if (this.messages === asked || now - this.lastAt > 500) since = 0;
        else since ||= now;
        return since > 0 && now - since > seconds * 1000;
      },
      seconds * 1000 + timeoutMs,
    );
  }

  /** What came since the last initialisation, or the one of this number. */
  recording(run = -1): Buffer {
    return Buffer.concat(this.#runs.at(run) ?? []);
  }

  /** Decodes with ffmpeg what came since the last initialisation, or the one of this number. */
  decode(run = -1): Promise<Decoded> {
    return decode('-', 600, { bytes: this.recording(run) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** Opens an MSE session; `keep` keeps all bytes for `decode`. */
export async function watchMse(
  server: TestServer,
  name: string,
  { keep = false, codecs = CODECS }: { keep?: boolean; codecs?: string } = {},
): Promise<MseViewer> {
  const socket = new WebSocket(server.url(`/api/ws?src=${encodeURIComponent(name)}`).replace('http', 'ws'));
  const viewer = new MseViewer(socket, keep);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'mse', value: codecs }));
  return viewer;
}

/** Opens `/api/stream.mp4` and leaves the response to the caller, who may read, pause or destroy it. */
export async function openMp4(server: TestServer, name: string): Promise<IncomingMessage> {
  const request = get(server.url(`/api/stream.mp4?src=${encodeURIComponent(name)}`));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

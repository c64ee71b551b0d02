/** A plain RTSP viewer over TCP (interleaved), for crowds: counts packets, and can stop reading. Its own code, not the server's. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './wait.ts';

export class RtspViewer {
  readonly socket: Socket;
  /** RTP packets so far. */
  packets = 0;
  bytes = 0;
  closed = false;
  readonly #replies: { readonly head: string; readonly body: string }[] = [];
  #buffer = Buffer.alloc(0);
  #sequence = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.closed = true;
    });
  }

  /** Sends a request and returns the reply's head and body; fails if it is not 200. */
  async request(
    method: string,
    url: string,
    headers: readonly string[] = [],
  ): Promise<{ head: string; body: string }> {
    this.socket.write(
      [`${method} ${url} RTSP/1.0`, `CSeq: ${++this.#sequence}`, ...headers, '', ''].join('\r\n'),
    );
    const reply = await until(`a reply to ${method}`, () => this.#replies.shift());
    if (!reply.head.startsWith('RTSP/1.0 200')) throw new Error(reply.head);
    return reply;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Leaves without TEARDOWN, as most viewers do. */
  async close(): Promise<void> {
    this.socket.destroy();
    await until('the socket to close', () => this.closed);
  }

  #read(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      if (this.#buffer[0] === 0x24) {
        if (this.#buffer.length < 4) return;
        const end = 4 + this.#buffer.readUInt16BE(2);
        if (this.#buffer.length < end) return;
        if (this.#buffer[1]! % 2 === 0) this.packets++;
        this.#buffer = this.#buffer.subarray(end);
        continue;
      }
      const headEnd = this.#buffer.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = this.#buffer.toString('latin1', 0, headEnd);
      const end = headEnd + 4 + Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (this.#buffer.length < end) return;
      this.#replies.push({ head, body: this.#buffer.toString('latin1', headEnd + 4, end) });
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

/** Connects and plays all tracks. */
export async function watchRtsp(url: string): Promise<RtspViewer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const viewer = new RtspViewer(socket);
  await once(socket, 'connect');
  const { head, body } = await viewer.request('DESCRIBE', url, ['Accept: application/sdp']);
  const base = /content-base: *(\S+)/i.exec(head)?.[1] ?? url;
  const controls = [...body.slice(body.indexOf('m=')).matchAll(/a=control:(\S+)/g)].map(
    ([, control]) => control!,
  );
  let session = '';
  for (const [index, control] of controls.entries()) {
    const track = control.startsWith('rtsp:') ? control : `${base.replace(/\/?$/, '/')}${control}`;
    const transport = `Transport: RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}`;
    const reply = await viewer.request(
      'SETUP',
      track,
      session ? [transport, `Session: ${session}`] : [transport],
    );
    session ||= /session: *([^;\s]+)/i.exec(reply.head)![1]!;
  }
  await viewer.request('PLAY', base, [`Session: ${session}`]);
  return viewer;
}

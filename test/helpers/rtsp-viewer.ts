/** A plain RTSP viewer over TCP (interleaved), for crowds: counts packets, and can stop reading. Its own code, not the server's. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** Asks for the ONVIF backchannel and says these PCMA frames of 40 ms in real time. */
export async function talkRtsp(url: string, frames: readonly Buffer[]): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await using viewer = new RtspViewer(socket);
  await once(socket, 'connect');
  const require = 'Require: www.onvif.org/ver20/backchannel';
  const { head, body } = await viewer.request('DESCRIBE', url, [require]);
  const base = /content-base: *(\S+)/i.exec(head)?.[1] ?? url;
  const media = body
    .split(/^(?=m=)/m)
    .find((section) => /^m=audio/.test(section) && /^a=sendonly/m.test(section));
  if (!media || !/ 8( |\r)/.test(media)) throw new Error(`no loudspeaker for PCMA in\n${body}`);
  const control = /^a=control:(\S+)/m.exec(media)![1]!;
  const track = control.startsWith('rtsp:') ? control : `${base.replace(/\/?$/, '/')}${control}`;
  const reply = await viewer.request('SETUP', track, [
    require,
    'Transport: RTP/AVP/TCP;unicast;interleaved=4-5',
  ]);
  const session = /session: *([^;\s]+)/i.exec(reply.head)![1]!;
  await viewer.request('PLAY', base, [require, `Session: ${session}`]);
  const startedAt = performance.now();
  for (const [index, frame] of frames.entries()) {
    const packet = Buffer.alloc(16);
    packet.write('$\x04', 'latin1');
    packet.writeUInt16BE(12 + frame.length, 2);
    packet.writeUInt16BE(0x8008, 4);
    packet.writeUInt16BE(index, 6);
    packet.writeUInt32BE(index * frame.length, 8);
    socket.write(Buffer.concat([packet, frame]));
    await sleep(Math.max(0, startedAt + 40 * (index + 1) - performance.now()));
  }
}

/** An RTSP client that sends what it is told to, and keeps every reply and frame. Its own code, not the server's. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './wait.ts';

export interface RawReply {
  readonly status: number;
  /** By lower-case name; repeated headers joined by line breaks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawFrame {
  readonly channel: number;
  readonly bytes: Buffer;
}

export class RawRtsp {
  readonly socket: Socket;
  readonly replies: RawReply[] = [];
  readonly frames: RawFrame[] = [];
  closed = false;
  session = '';
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

  static async connect(port: number, host = '127.0.0.1'): Promise<RawRtsp> {
    const socket = connect(port, host);
    const client = new RawRtsp(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Sends a request and waits for its reply. */
  async request(method: string, url: string, headers: readonly string[] = [], body = ''): Promise<RawReply> {
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${++this.#sequence}`, ...headers];
    if (this.session && !headers.some((line) => /^session:/i.test(line)))
      lines.push(`Session: ${this.session}`);
    if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    await until(`a reply to ${method}`, () => this.replies.length > 0 || this.closed);
    const reply = this.replies.shift();
    if (!reply) throw new Error(`the connection was closed on ${method}`);
    this.session ||= /^[^;]+/.exec(reply.headers.session ?? '')?.[0] ?? '';
    return reply;
  }

  /** DESCRIBE and SETUP of these medias, interleaved on the usual channels. */
  async setUp(url: string, medias: readonly number[], headers: readonly string[] = []): Promise<RawReply> {
    const described = await this.request('DESCRIBE', url, headers);
    for (const media of medias) {
      const transport = `Transport: RTP/AVP/TCP;unicast;interleaved=${media * 2}-${media * 2 + 1}`;
      const { status } = await this.request('SETUP', `${url}/trackID=${media}`, [transport]);
      if (status !== 200) throw new Error(`SETUP of media ${media}: ${status}`);
    }
    return described;
  }

  /** Sends an interleaved frame. */
  sendFrame(channel: number, bytes: Buffer): void {
    this.socket.write(
      Buffer.concat([Buffer.from([0x24, channel, bytes.length >> 8, bytes.length & 0xff]), bytes]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await until('the socket to close', () => this.closed);
  }

  #read(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const length = this.#buffer[0] === 0x24 ? this.#readFrame() : this.#readReply();
      if (length === 0) return;
      this.#buffer = this.#buffer.subarray(length);
    }
  }

  #readFrame(): number {
    if (this.#buffer.length < 4) return 0;
    const end = 4 + this.#buffer.readUInt16BE(2);
    if (this.#buffer.length < end) return 0;
    this.frames.push({ channel: this.#buffer[1]!, bytes: this.#buffer.subarray(4, end) });
    return end;
  }

  #readReply(): number {
    const headEnd = this.#buffer.indexOf('\r\n\r\n');
    if (headEnd < 0) return 0;
    const [first = '', ...lines] = this.#buffer.toString('latin1', 0, headEnd).split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
    }
    const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
    if (this.#buffer.length < end) return 0;
    this.replies.push({
      status: Number(first.split(' ')[1]),
      headers,
      body: this.#buffer.toString('latin1', headEnd + 4, end),
    });
    return end;
  }
}

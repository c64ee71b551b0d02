/** One connection to the fake camera: requests in, replies and interleaved or UDP media out. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Feed } from './feed.ts';
import type { RtspCamera } from './rtsp-camera.ts';

export interface Request {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly at: number;
}

export interface Reply {
  /** `200 OK` */
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** Where the packets of one track go. */
interface Route {
  readonly send: (kind: 'rtp' | 'rtcp', bytes: Buffer) => void;
  readonly close: () => void;
}

const OK = '200 OK';
const BACKCHANNEL = 'www.onvif.org/ver20/backchannel';
const LOUDSPEAKERS = {
  PCMU: { payloadType: 0, map: 'PCMU/8000', fmtp: '' },
  PCMA: { payloadType: 8, map: 'PCMA/8000', fmtp: '' },
  'MPEG4-GENERIC': {
    payloadType: 101,
    map: 'MPEG4-GENERIC/16000',
    fmtp: 'streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408',
  },
};

export class RtspSession {
  stalled = false;
  resetInMidFrame = false;
  playing = false;
  readonly #camera: RtspCamera;
  readonly #socket: Socket;
  readonly #id = randomBytes(6).toString('hex');
  /** By index of the media in the SDP; the loudspeaker comes after the feeds. */
  readonly #routes = new Map<number, Route>();
  readonly #subscriptions: (() => void)[] = [];
  #loudspeakerChannel = -1;
  #buffer = Buffer.alloc(0);
  #aliveAt = Date.now();
  #reaper: NodeJS.Timeout | undefined;
  #work = Promise.resolve();

  constructor(camera: RtspCamera, socket: Socket) {
    this.#camera = camera;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#read();
    });
    socket.on('error', () => {});
    socket.once('close', () => this.#release());
  }

  /** A socket that ends already can't be reset any more: Node would leave its handle open. */
  reset(): void {
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  hangUp(): void {
    this.#socket.end();
  }

  inject(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  #release(): void {
    this.playing = false;
    clearInterval(this.#reaper);
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    for (const route of this.#routes.values()) route.close();
    this.#routes.clear();
  }

  #read(): void {
    for (;;) {
      if (this.#buffer[0] === 0x24) {
        if (this.#buffer.length < 4) return;
        const end = 4 + this.#buffer.readUInt16BE(2);
        if (this.#buffer.length < end) return;
        if (this.#buffer[1] === this.#loudspeakerChannel) this.#hear(this.#buffer.subarray(4, end));
        this.#buffer = this.#buffer.subarray(end);
        continue;
      }
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const request = parseRequest(this.#buffer.toString('latin1', 0, end));
      const bodyEnd = end + 4 + Number(request.headers['content-length'] ?? 0);
      if (this.#buffer.length < bodyEnd) return;
      this.#buffer = this.#buffer.subarray(bodyEnd);
      this.#camera.requests.push(request);
      this.#work = this.#work.then(async () => this.#reply(request, await this.#handle(request)));
    }
  }

  #hear(packet: Buffer): void {
    if (packet.length <= 12) return;
    this.#camera.heard.push({
      payloadType: packet[1]! & 127,
      sequence: packet.readUInt16BE(2),
      timestamp: packet.readUInt32BE(4),
      payload: Buffer.from(packet.subarray(12 + 4 * (packet[0]! & 15))),
    });
  }

  #reply(request: Request, answer: Reply): void {
    const session = request.method === 'SETUP' || request.headers.session ? [this.#sessionHeader()] : [];
    const usual = { ...answer, headers: [...session, ...(answer.headers ?? [])] };
    const { status, headers = [], body = '' } = this.#camera.options.reply?.(usual, request) ?? usual;
    const length = body ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
    const lines = [`RTSP/1.0 ${status}`, `CSeq: ${request.headers.cseq}`, ...headers, ...length];
    if (!this.#socket.destroyed) this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    if (request.method === 'PLAY' && status === OK) this.#play();
    if (request.method === 'TEARDOWN') this.#socket.end();
  }

  #sessionHeader(): string {
    const { sessionTimeoutSeconds } = this.#camera.options;
    return `Session: ${this.#id}${sessionTimeoutSeconds ? `;timeout=${sessionTimeoutSeconds}` : ''}`;
  }

  async #handle(request: Request): Promise<Reply> {
    const { options, guard } = this.#camera;
    const instead = options.intercept?.(request);
    if (instead) return instead;
    const challenges =
      request.method === 'OPTIONS' && !this.playing
        ? undefined
        : guard?.check(request.method, request.headers.authorization);
    if (challenges)
      return { status: '401 Unauthorized', headers: challenges.map((text) => `WWW-Authenticate: ${text}`) };
    switch (request.method) {
      case 'OPTIONS':
      case 'GET_PARAMETER':
        return this.#keepAlive(request.method);
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setup(request);
      case 'PLAY':
        return { status: OK, headers: ['Range: npt=0.000-', `RTP-Info: ${this.#rtpInfo()}`] };
      case 'TEARDOWN':
        return { status: OK };
      default:
        return { status: '501 Not Implemented' };
    }
  }

  #keepAlive(method: 'OPTIONS' | 'GET_PARAMETER'): Reply {
    const { keepAlive } = this.#camera.options;
    if (this.playing && keepAlive && keepAlive !== method) return { status: '501 Not Implemented' };
    this.#aliveAt = Date.now();
    const others = ['DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN'];
    return {
      status: OK,
      headers: [
        `Public: ${[...(keepAlive ? [keepAlive] : ['OPTIONS', 'GET_PARAMETER']), ...others].join(', ')}`,
      ],
    };
  }

  #describe(request: Request): Reply {
    const { options } = this.#camera;
    const twoWay = request.headers.require === BACKCHANNEL;
    if (twoWay && options.refusesBackchannel) {
      return { status: '551 Option not supported', headers: [`Unsupported: ${BACKCHANNEL}`] };
    }
    const loudspeaker = twoWay && options.loudspeaker ? LOUDSPEAKERS[options.loudspeaker] : undefined;
    const lines = [
      ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=Fake camera', 'c=IN IP4 0.0.0.0', 't=0 0', 'a=control:*'],
      ...options.feeds.flatMap((feed, index) => [...feed.sdp(), 'a=recvonly', `a=control:track${index}`]),
    ];
    if (loudspeaker) {
      const { payloadType, map, fmtp } = loudspeaker;
      lines.push(`m=audio 0 RTP/AVP ${payloadType}`, `a=rtpmap:${payloadType} ${map}`);
      if (fmtp) lines.push(`a=fmtp:${payloadType} ${fmtp}`);
      lines.push('a=sendonly', `a=control:track${options.feeds.length}`);
    }
    const sdp = `${lines.join('\r\n')}\r\n`;
    return {
      status: OK,
      headers: [`Content-Base: ${request.url.replace(/\/?$/, '/')}`, 'Content-Type: application/sdp'],
      body: options.sdp ? options.sdp(sdp) : sdp,
    };
  }

  async #setup(request: Request): Promise<Reply> {
    const { feeds, transports = ['tcp', 'udp'], loudspeaker } = this.#camera.options;
    const index = Number(/track(\d+)$/.exec(request.url)?.[1] ?? (feeds.length === 1 ? 0 : Number.NaN));
    if (Number.isNaN(index) || index >= feeds.length + (loudspeaker ? 1 : 0))
      return { status: '404 Not Found' };
    const transport = request.headers.transport ?? '';
    const tcp = /RTP\/AVP\/TCP/i.test(transport);
    if (!transports.includes(tcp ? 'tcp' : 'udp')) return { status: '461 Unsupported Transport' };
    this.#routes.get(index)?.close();
    return tcp ? this.#setupTcp(index, transport) : this.#setupUdp(index, transport);
  }

  #setupTcp(index: number, transport: string): Reply {
    const asked = Number(/interleaved=(\d+)/.exec(transport)?.[1] ?? 2 * index);
    const channel = this.#camera.options.channels?.(asked) ?? asked;
    if (index === this.#camera.options.feeds.length) this.#loudspeakerChannel = channel;
    this.#routes.set(index, {
      send: (kind, bytes) => this.#sendInterleaved(kind === 'rtp' ? channel : channel + 1, bytes),
      close: () => {},
    });
    return {
      status: OK,
      headers: [
        `Transport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${randomBytes(4).toString('hex')}`,
      ],
    };
  }

  #sendInterleaved(channel: number, bytes: Buffer): void {
    if (this.stalled || this.#socket.destroyed) return;
    const header = Buffer.from([0x24, channel, bytes.length >> 8, bytes.length & 255]);
    if (this.resetInMidFrame && bytes.length > 100) {
      this.#socket.write(Buffer.concat([header, bytes.subarray(0, bytes.length / 2)]), () => this.reset());
      this.stalled = true;
    } else {
      this.#socket.write(Buffer.concat([header, bytes]));
    }
  }

  async #setupUdp(index: number, transport: string): Promise<Reply> {
    const [, rtpPort, rtcpPort] = /client_port=(\d+)-(\d+)/.exec(transport) ?? [];
    if (!rtpPort) return { status: '461 Unsupported Transport' };
    const [rtp, rtcp] = await bindPair();
    if (index === this.#camera.options.feeds.length) rtp.on('message', (packet) => this.#hear(packet));
    rtcp.on('message', () => {
      this.#aliveAt = Date.now();
    });
    this.#routes.set(index, {
      send: (kind, bytes) => {
        if (this.stalled) return;
        if (this.resetInMidFrame) return this.reset();
        if (kind === 'rtp') rtp.send(bytes, Number(rtpPort), '127.0.0.1');
        else rtcp.send(bytes, Number(rtcpPort), '127.0.0.1');
      },
      close: () => {
        rtp.close();
        rtcp.close();
      },
    });
    const ports = `client_port=${rtpPort}-${rtcpPort};server_port=${rtp.address().port}-${rtcp.address().port}`;
    return { status: OK, headers: [`Transport: RTP/AVP;unicast;${ports}`] };
  }

  #rtpInfo(): string {
    return [...this.#routes.keys()]
      .filter((index) => index < this.#camera.options.feeds.length)
      .map((index) => {
        const { seq, rtptime } = this.#camera.options.feeds[index]!.position();
        return `url=track${index};seq=${seq};rtptime=${rtptime}`;
      })
      .join(',');
  }

  #play(): void {
    if (this.playing) return;
    this.playing = true;
    this.#aliveAt = Date.now();
    for (const [index, route] of this.#routes) {
      const feed: Feed | undefined = this.#camera.options.feeds[index];
      if (feed) this.#subscriptions.push(feed.subscribe(route.send));
    }
    const { sessionTimeoutSeconds } = this.#camera.options;
    if (!sessionTimeoutSeconds) return;
    this.#reaper = setInterval(() => {
      if (Date.now() - this.#aliveAt > sessionTimeoutSeconds * 1000) this.#socket.destroy();
    }, 200);
  }
}

function parseRequest(text: string): Request {
  const [first = '', ...lines] = text.trimStart().split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method, url, headers: Object.fromEntries(headers), at: Date.now() };
}

/** Two UDP sockets on neighbouring ports, the first even. */
async function bindPair(): Promise<[UdpSocket, UdpSocket]> {
  for (;;) {
    const port = 20000 + 2 * Math.floor(Math.random() * 20000);
    const sockets = [createSocket('udp4'), createSocket('udp4')] as [UdpSocket, UdpSocket];
    try {
      for (const [index, socket] of sockets.entries()) {
        socket.bind(port + index, '127.0.0.1');
        await once(socket, 'listening');
      }
      return sockets;
    } catch {
      for (const socket of sockets) socket.close();
    }
  }
}

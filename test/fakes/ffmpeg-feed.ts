/**
 * Tracks of a fake camera whose RTP and SDP are made by ffmpeg: it sends to local UDP ports, and what arrives goes to
 * the camera's clients byte for byte.
 */
import type { ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { spawnTied } from '../helpers/run.ts';
import type { Feed, FeedListener } from './feed.ts';

/** Options for one output of ffmpeg: `-map 0:v -c:v libx264 …`. */
export interface FfmpegTrack {
  readonly kind: 'video' | 'audio';
  readonly options: readonly string[];
}

/** Starts ffmpeg with the feeds' camera; `inputs` are its inputs, read in real time. Returns a feed for each track. */
export function ffmpegFeeds(inputs: readonly string[], tracks: readonly FfmpegTrack[]): readonly Feed[] {
  const encoder = new Encoder(inputs, tracks);
  return tracks.map(({ kind }, index) => ({
    kind,
    get payloadType() {
      return Number(/^m=\w+ \d+ \S+ (\d+)/.exec(encoder.sections[index]![0]!)![1]);
    },
    sdp: () => encoder.sections[index]!,
    position: () => encoder.positions[index]!,
    subscribe: (listener) => {
      encoder.listeners[index]!.add(listener);
      return () => encoder.listeners[index]!.delete(listener);
    },
    start: () => encoder.start(),
    stop: () => encoder.stop(),
  }));
}

class Encoder {
  readonly listeners: readonly Set<FeedListener>[];
  readonly positions: { seq: number; rtptime: number }[];
  /** Of each track: the lines of ffmpeg's SDP from its `m=` line on. */
  sections: string[][] = [];
  readonly #inputs: readonly string[];
  readonly #tracks: readonly FfmpegTrack[];
  #sockets: Socket[] = [];
  #process: ChildProcess | undefined;
  #started: Promise<void> | undefined;

  constructor(inputs: readonly string[], tracks: readonly FfmpegTrack[]) {
    this.#inputs = inputs;
    this.#tracks = tracks;
    this.listeners = tracks.map(() => new Set<FeedListener>());
    this.positions = tracks.map(() => ({ seq: 0, rtptime: 0 }));
  }

  start(): Promise<void> {
    this.#started ??= this.#run();
    return this.#started;
  }

  stop(): void {
    this.#process?.kill('SIGKILL');
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
    this.#started = undefined;
  }

  async #run(): Promise<void> {
    const ports: number[][] = [];
    for (const index of this.#tracks.keys()) {
      ports.push([await this.#listen(index, 'rtp'), await this.#listen(index, 'rtcp')]);
    }
    const outputs = this.#tracks.flatMap(({ options }, index) => {
      const [rtp, rtcp] = ports[index]!;
      return [...options, '-f', 'rtp', `rtp://127.0.0.1:${rtp}?rtcpport=${rtcp}&pkt_size=1400`];
    });
    const child = spawnTied('ffmpeg', ['-v', 'error', ...this.#inputs, ...outputs], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    this.sections = await readSdp(child, this.#tracks.length);
    child.stdout!.resume();
  }

  async #listen(index: number, kind: 'rtp' | 'rtcp'): Promise<number> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    socket.on('message', (bytes) => {
      if (kind === 'rtp')
        this.positions[index] = { seq: bytes.readUInt16BE(2) + 1, rtptime: bytes.readUInt32BE(4) };
      for (const listener of this.listeners[index]!) listener(kind, bytes);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    this.#sockets.push(socket);
    return socket.address().port;
  }
}

/** ffmpeg prints the SDP when all its outputs are open. */
async function readSdp(child: ChildProcess, sections: number): Promise<string[][]> {
  let text = '';
  for await (const bytes of child.stdout!.iterator({ destroyOnReturn: false })) {
    text += bytes;
    const lines = text.split(/\r?\n/);
    const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
    const complete = lines.length > 1 && lines.at(-1) === '' && starts.length === sections;
    if (!complete) continue;
    return starts.map((start, index) =>
      lines.slice(start, starts[index + 1]).filter((line) => /^(m=|a=(rtpmap|fmtp))/.test(line)),
    );
  }
  throw new Error('ffmpeg ended before it printed its SDP');
}

/** Cameras and viewers for the unit tests of the core: they do what a test tells them to, at once. */
import { type Codec, videoCodec } from '../codecs/codec.ts';
import { createLogger } from '../util/log.ts';
import {
  type Accepts,
  type Chunk,
  type Consumer,
  createPeer,
  type MediaRequest,
  type Muxer,
  type Output,
  type Packet,
  type Producer,
  type Track,
  type Viewer,
  type WritePacket,
} from './model.ts';
import { Stream } from './stream.ts';
import type { TranscodeJob, TranscodeProducer, Transcoder } from './transcode.ts';

export const H264 = videoCodec('h264', {
  extradata: Buffer.from([1, 100, 0, 31]),
  width: 1920,
  height: 1080,
});
export const ANY: Accepts = [
  { kind: 'video', codecs: [] },
  { kind: 'audio', codecs: [] },
];

/** A camera that sends when told. */
export class FakeCamera implements Producer {
  readonly peer = createPeer({ format: 'fake', protocol: 'test' });
  tracks: Track[];
  keyframeRequests = 0;
  stopped = false;
  backchannel: Producer['backchannel'];
  #write: WritePacket | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor(...codecs: Codec[]) {
    this.tracks = codecs.map((codec, id) => ({ id, codec }));
    this.#ended.promise.catch(() => {});
  }

  async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    this.#write = write;
    signal.addEventListener('abort', () => this.#ended.resolve(), { once: true });
    if (signal.aborted) this.#ended.resolve();
    try {
      await this.#ended.promise;
    } finally {
      this.stopped = true;
    }
  }

  /** Sends one packet of a track; dts in ticks of the camera's own clock. */
  send(
    trackIndex: number,
    dts: number,
    { key = false, data = Buffer.from([dts & 255]), pts = dts } = {},
  ): void {
    const track = this.tracks[trackIndex] as Track;
    this.#write?.({ track, data, pts, dts, duration: 0, key, time: 0 });
  }

  /** New parameter sets in mid-stream. */
  change(trackIndex: number, codec: Codec): void {
    this.tracks[trackIndex] = { id: trackIndex, codec };
  }

  end(error?: Error): void {
    if (error) this.#ended.reject(error);
    else this.#ended.resolve();
  }

  requestKeyframe(): void {
    this.keyframeRequests++;
  }
}

/** A consumer that keeps what it is given. */
export class FakeConsumer implements Consumer {
  readonly peer = createPeer({ format: 'fake', protocol: 'test' });
  readonly accepts: Accepts;
  readonly starts: (readonly Track[])[] = [];
  readonly packets: Packet[] = [];
  closed: Error | true | undefined;

  constructor(accepts: Accepts = ANY) {
    this.accepts = accepts;
  }
  start(tracks: readonly Track[]): void {
    this.starts.push(tracks);
  }
  readonly write: WritePacket = (packet) => {
    this.packets.push(packet);
  };
  close(reason?: Error): void {
    this.closed = reason ?? true;
  }
}

/** A viewer whose socket drains when the test says so. */
export class FakeViewer implements Viewer {
  readonly peer = createPeer({ format: 'fake', protocol: 'test' });
  queuedBytes = 0;
  readonly muxers: Muxer[] = [];
  readonly chunks: Chunk[] = [];
  closed: Error | undefined;

  start(muxer: Muxer): void {
    this.muxers.push(muxer);
  }
  write(chunk: Chunk): void {
    this.chunks.push(chunk);
  }
  close(reason?: Error): void {
    this.closed = reason;
  }
}

/** An output whose chunks are the packets' bytes. */
export function plainOutput(accepts: Accepts = ANY): Output {
  return {
    key: 'plain',
    accepts,
    createMuxer: (tracks) => ({
      contentType: 'text/plain',
      header: [],
      mux: ({ data, key, dts, track }) => ({
        body: [data],
        bytes: data.length,
        key: key && (track.codec.kind === 'video' || tracks.length === 1),
        seconds: dts / track.codec.timeBase,
        packets: 1,
      }),
    }),
  };
}

/** A transcode of the test's own: it is fed, and sends when told. */
class FakeTranscode extends FakeCamera implements TranscodeProducer {
  readonly onStreamTime = true;
  readonly fed = new FakeViewer();
  leave: (() => void) | undefined;

  override async run(write: WritePacket, signal: AbortSignal): Promise<void> {
    try {
      await super.run(write, signal);
    } finally {
      this.leave?.();
    }
  }
}

/** Makes the first codec of `targets` that a request lists; `transcodes` are those that were started. */
export class FakeTranscoder implements Transcoder {
  readonly transcodes: FakeTranscode[] = [];
  readonly jobs: TranscodeJob[] = [];
  /** Thrown instead of a start. */
  refusal: Error | undefined;
  readonly #targets: readonly Codec[];

  constructor(...targets: Codec[]) {
    this.#targets = targets;
  }

  target(from: Codec, request: MediaRequest): Codec | undefined {
    if (request.kind !== from.kind) return undefined;
    return this.#targets.find(({ name }) => request.codecs.some((pattern) => pattern.name === name));
  }

  admit(): void {
    if (this.refusal) throw this.refusal;
  }

  async open(job: TranscodeJob): Promise<TranscodeProducer> {
    const transcode = new FakeTranscode(job.to);
    this.jobs.push(job);
    this.transcodes.push(transcode);
    transcode.leave = await job.feed(plainOutput(), transcode.fed);
    transcode.fed.close = (reason) => transcode.end(reason);
    return transcode;
  }
}

/** A stream whose sources are opened by `cameras[text]()`. */
export function fakeStream(
  cameras: Readonly<Record<string, () => Producer | Promise<Producer>>>,
  { lingerMs = 20, transcoder }: { lingerMs?: number; transcoder?: Transcoder } = {},
): Stream {
  return new Stream({
    name: 'test',
    sources: Object.keys(cameras),
    open: async (text) => (cameras[text] as () => Producer | Promise<Producer>)(),
    log: createLogger('test'),
    lingerMs,
    transcoder,
  });
}

/** Lets promises and timers of 0 ms run. */
export const settle = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

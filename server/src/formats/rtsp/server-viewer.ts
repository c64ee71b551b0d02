/** The viewers of an RTSP session: over its TCP connection, or by UDP. */
import { performance } from 'node:perf_hooks';
import { StreamError } from '../../core/errors.ts';
import type { Peer, Viewer } from '../../core/model.ts';
import { INTERLEAVED_BYTES, packetLength } from '../../rtp/block.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import type { RtpMuxer } from './output.ts';
import { ChannelMap, type RtpChunk } from './output-chunk.ts';
import type { SessionContext } from './server-session.ts';
import type { MediaPaths } from './server-transport.ts';

export interface RtspViewerOptions {
  readonly peer: Peer;
  readonly context: SessionContext;
  readonly paths: MediaPaths;
  /** As they stand in the SDP, by track. */
  readonly formats: readonly RtpFormat[];
  /** Called before the first chunk is sent. */
  readonly onFirst: (muxer: RtpMuxer, chunk: RtpChunk) => void;
}

/** A viewer for the way that the session's medias travel. */
export function createViewer(options: RtspViewerOptions): Viewer<RtpChunk> & { stop(): void } {
  return options.paths.lower === 'udp' ? new UdpViewer(options) : new TcpViewer(options);
}

/** What both kinds do with a muxer. */
class Start {
  readonly #options: RtspViewerOptions;
  #muxer: RtpMuxer | undefined;
  #first = true;

  constructor(options: RtspViewerOptions) {
    this.#options = options;
  }

  /** New parameter sets travel in band; another codec is not what the SDP says. */
  muxer(muxer: RtpMuxer): void {
    checkFormats(muxer, this.#options.formats);
    this.#muxer = muxer;
  }

  chunk(chunk: RtpChunk): void {
    if (!this.#first || !this.#muxer) return;
    this.#first = false;
    this.#options.onFirst(this.#muxer, chunk);
  }
}

/** Throws StreamError `closed` when the muxer sends anything else than the SDP said. */
export function checkFormats({ senders }: RtpMuxer, formats: readonly RtpFormat[]): void {
  const fits =
    senders.length === formats.length &&
    senders.every(({ format }, index) => sameMap(format, formats[index]!));
  if (!fits) throw new StreamError('closed', 'camera changed its codecs');
}

/** `config` is that of AAC, which does not travel in band. */
const sameMap = (a: RtpFormat, b: RtpFormat): boolean =>
  a.encoding === b.encoding &&
  a.clockRate === b.clockRate &&
  a.channels === b.channels &&
  a.parameters.get('config') === b.parameters.get('config');

/** Interleaved: one write of the shared buffer a chunk. */
class TcpViewer implements Viewer<RtpChunk> {
  readonly peer: Peer;
  readonly #context: SessionContext;
  readonly #start: Start;
  readonly #channels: ChannelMap;
  readonly #shared: boolean;

  constructor(options: RtspViewerOptions) {
    this.peer = options.peer;
    this.#context = options.context;
    this.#start = new Start(options);
    const to = options.formats.flatMap((_, media) => {
      const path = options.paths.get(media);
      return path?.lower === 'tcp' ? path.channels : [undefined, undefined];
    });
    this.#channels = new ChannelMap(to);
    this.#shared = this.#channels.identical;
  }

  get queuedBytes(): number {
    return this.#context.queuedBytes;
  }

  start(muxer: RtpMuxer): void {
    this.#start.muxer(muxer);
  }

  write(chunk: RtpChunk): void {
    this.#start.chunk(chunk);
    this.#context.write(this.#shared ? chunk.body[0] : chunk.withChannels(this.#channels));
  }

  stop(): void {}

  close(reason?: Error): void {
    this.#context.end(reason);
  }
}

/**
 * A burst is spread over time, or it would overrun the receiver's buffer (often 200 KB): this much at once, then
 * so much every few ms, or more when it would take longer than `BURST_INTERVALS` of them.
 */
const BURST_BYTES = 64 << 10;
const REFILL_BYTES = 16 << 10;
const BURST_INTERVAL_MS = 4;
const BURST_INTERVALS = 60;

class UdpViewer implements Viewer<RtpChunk> {
  readonly peer: Peer;
  readonly #context: SessionContext;
  readonly #paths: MediaPaths;
  readonly #start: Start;
  /** Chunks that wait, and how much of the first of them is sent. */
  #waiting: RtpChunk[] = [];
  #sentPackets = 0;
  #waitingBytes = 0;
  #budget = BURST_BYTES;
  #refilledMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RtspViewerOptions) {
    this.peer = options.peer;
    this.#context = options.context;
    this.#paths = options.paths;
    this.#start = new Start(options);
  }

  get queuedBytes(): number {
    return this.#waitingBytes;
  }

  start(muxer: RtpMuxer): void {
    this.#start.muxer(muxer);
  }

  write(chunk: RtpChunk): void {
    this.#start.chunk(chunk);
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.bytes;
    if (!this.#timer) this.#drain();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  close(reason?: Error): void {
    this.stop();
    this.#context.end(reason);
  }

  #drain(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const intervals = (nowMs - this.#refilledMs) / BURST_INTERVAL_MS;
    const refill = Math.max(REFILL_BYTES, this.#waitingBytes / BURST_INTERVALS);
    this.#budget = Math.min(BURST_BYTES, this.#budget + intervals * refill);
    this.#refilledMs = nowMs;
    while (this.#waiting.length > 0) {
      const chunk = this.#waiting[0]!;
      if (!this.#sendPart(chunk)) {
        this.#timer = setTimeout(() => this.#drain(), BURST_INTERVAL_MS);
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= chunk.bytes;
      this.#sentPackets = 0;
    }
  }

  /** False when the budget ended within the chunk. */
  #sendPart({ body: [bytes], offsets }: RtpChunk): boolean {
    for (; this.#sentPackets < offsets.length; this.#sentPackets++) {
      if (this.#budget <= 0) return false;
      const offset = offsets[this.#sentPackets]!;
      const channel = bytes[offset + 1]!;
      const start = offset + INTERLEAVED_BYTES;
      const packet = bytes.subarray(start, start + packetLength(bytes, offset));
      this.#paths.send(channel >> 1, (channel & 1) as 0 | 1, packet);
      this.#budget -= packet.length;
    }
    return true;
  }
}

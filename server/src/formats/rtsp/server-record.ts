/**
 * A client that publishes: ANNOUNCE with its SDP, SETUP of its medias, RECORD, then RTP (RFC 2326 §10.3, §10.11).
 *
 * The producer is handed on when the codecs of all medias are known, which for parameter sets in band is after the
 * first key frame; what came until then is kept.
 */
import { performance } from 'node:perf_hooks';
import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import { createPeer, type Peer, type Producer, type Track } from '../../core/model.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { codecOfFormat } from '../../rtp/payload-formats.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import { parseSdp, type SdpMedia } from '../../rtp/sdp.ts';
import { header, type RtspRequest } from './message.ts';
import { type RtspReply, type RtspTarget, textReply } from './server-request.ts';
import type { ServerSession, SessionContext } from './server-session.ts';
import { MediaPaths } from './server-transport.ts';

export interface RecordOptions {
  readonly context: SessionContext;
  /** Body of ANNOUNCE. */
  readonly sdp: string;
  /** Silence after which the client is taken for gone. */
  readonly timeoutMs: number;
  /** Takes the producer; settles when the push ends, for whatever reason. */
  readonly publish: (producer: Producer, signal: AbortSignal) => Promise<void>;
}

const CODECS_TIMEOUT_MS = 5000;
const REPORT_INTERVAL_MS = 5000;
const MAX_PENDING_BYTES = 16 << 20;

export class RecordSession implements ServerSession {
  aliveMs = performance.now();
  readonly #options: RecordOptions;
  readonly #medias: readonly SdpMedia[];
  readonly #paths: MediaPaths;
  readonly #receivers = new Map<number, RtpReceiver>();
  readonly #left = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #input = new HeldInput({ onFull: () => this.#publish(), maximumBytes: MAX_PENDING_BYTES });
  /** The client, once it records. */
  #peer: Peer | undefined;
  #published = false;

  /** Throws StreamError: `protocol` for what is no SDP, `unsupported` when no media of it can be taken. */
  constructor(options: RecordOptions) {
    this.#options = options;
    const { medias } = parseSdp(options.sdp);
    this.#medias = medias;
    if (!medias.some((media) => supportedFormat(media))) {
      const names = medias.flatMap(({ formats }) => formats.map(({ encoding }) => encoding));
      throw new StreamError('unsupported', `no media that can be taken: ${names.join(', ') || 'none'}`);
    }
    this.#paths = new MediaPaths(options.context, (media, index, bytes, start, end) =>
      this.#data(media, index, bytes, start, end),
    );
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  async setup(request: RtspRequest, target: RtspTarget): Promise<RtspReply> {
    const index = this.#mediaOf(request.url, target);
    const media = this.#medias[index];
    if (!media) return textReply(404, 'no such media in the SDP announced');
    if (this.#peer) return textReply(455, 'already recording');
    const path = await this.#paths.setup(index, header(request, 'transport') ?? '');
    if (!path)
      return textReply(461, 'transports are RTP/AVP/TCP (interleaved) and RTP/AVP (unicast, client_port)');
    return { status: 200, headers: { Transport: path.header } };
  }

  async start(_request: RtspRequest, reply: (answer: RtspReply) => void): Promise<void> {
    if (this.#peer) return reply({ status: 200 });
    const clock = new MediaClock();
    for (const [index, media] of this.#medias.entries()) {
      const format = supportedFormat(media);
      const path = this.#paths.get(index);
      if (!format || !path) continue;
      const reorder = path.lower === 'udp';
      this.#receivers.set(
        index,
        new RtpReceiver({ id: index, format, clock, reorder, write: this.#input.write }),
      );
    }
    if (this.#receivers.size === 0) return reply(textReply(455, 'nothing to record: SETUP a media first'));
    const { context, sdp } = this.#options;
    const { remoteAddress, userAgent } = context;
    const protocol = `rtsp+${this.#paths.lower}`;
    this.#peer = createPeer({ format: 'rtsp', protocol, remoteAddress, userAgent, sdp });
    this.#timers.push(setTimeout(() => this.#publish(), CODECS_TIMEOUT_MS));
    this.#timers.push(setInterval(() => this.#report(), REPORT_INTERVAL_MS));
    reply({ status: 200 });
    this.#publishWhenKnown();
  }

  pause(): RtspReply {
    return textReply(455, 'a session that records cannot pause');
  }

  frame(channel: number, bytes: Buffer, start: number, end: number): void {
    this.#paths.frame(channel, bytes, start, end);
  }

  /** Without a reason: the client said that it is done. */
  close(reason?: Error): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#input.end(reason);
    this.#left.abort();
    this.#paths.close();
  }

  /** By the media's control attribute, else by number; a URL that names none is that of the next media. */
  #mediaOf(url: string, target: RtspTarget): number {
    const path = url.replace(/\/+$/, '');
    const named = this.#medias.findIndex(
      ({ control }) => control !== '' && control !== '*' && path.endsWith(control),
    );
    return named >= 0 ? named : (target.media ?? this.#paths.size);
  }

  #data(media: number, index: 0 | 1, bytes: Buffer, start: number, end: number): void {
    const nowMs = performance.now();
    this.aliveMs = nowMs;
    if (this.#peer) this.#peer.bytesReceived += end - start;
    const receiver = this.#receivers.get(media);
    if (!receiver) return;
    if (index === 0) receiver.push(bytes, start, end, nowMs);
    else receiver.pushRtcp(bytes, start, end, nowMs);
    if (!this.#published) this.#publishWhenKnown();
  }

  #publishWhenKnown(): void {
    for (const { track } of this.#receivers.values()) if (!track) return;
    this.#publish();
  }

  /** Hands the producer on, with the tracks that are known. */
  #publish(): void {
    if (this.#published || !this.#peer) return;
    this.#published = true;
    const { context, publish } = this.#options;
    const tracks = [...this.#receivers.values()].flatMap(({ track }) => track ?? []);
    if (tracks.length === 0) {
      context.end(new StreamError('timeout', 'no parameter sets came in time'));
      return;
    }
    publish(this.#producer(this.#peer, tracks), this.#left.signal).then(
      () => context.end(),
      (error) => context.end(error),
    );
  }

  #producer(peer: Peer, tracks: readonly Track[]): Producer {
    return {
      peer,
      tracks,
      run: (write, signal) => this.#input.run(tracks, write, signal),
      requestKeyframe: (trackId) => {
        const request = this.#receivers.get(trackId)?.keyframeRequest();
        if (request) this.#paths.send(trackId, 1, request);
      },
    };
  }

  #report(): void {
    const nowMs = performance.now();
    let corrupt = 0;
    for (const [media, receiver] of this.#receivers) {
      corrupt += receiver.corrupt;
      const report = receiver.receiverReport(nowMs);
      if (report) this.#paths.send(media, 1, report);
    }
    if (this.#peer) this.#peer.corrupt = corrupt;
  }
}

const supportedFormat = (media: SdpMedia) =>
  media.kind === 'application' ? undefined : media.formats.find((format) => codecOfFormat(format));

/**
 * A client that plays a stream: DESCRIBE, SETUP of the medias it wants, PLAY, PAUSE.
 *
 *   DESCRIBE   opens the camera and holds it: codecs are known, packets since the last key frame are kept
 *   PLAY       joins the Broadcast of the RTP output: the answer, then the chunks since the last key frame, then live ones
 *   PAUSE      leaves the Broadcast; the camera is still held
 */
import { performance } from 'node:perf_hooks';
import { type Watch, watch } from '../../core/broadcast.ts';
import { type Accepts, createPeer, type Output, type Peer } from '../../core/model.ts';
import type { Selection } from '../../core/selection.ts';
import type { Stream } from '../../core/stream.ts';
import type { RtpFormat } from '../../rtp/payload.ts';
import { parseRtcp } from '../../rtp/rtcp.ts';
import { buildSdp, type SdpMedia } from '../../rtp/sdp.ts';
import { header, type RtspRequest } from './message.ts';
import { createRtpOutput, formatOfTrack, type RtpMuxer } from './output.ts';
import type { RtpChunk } from './output-chunk.ts';
import { errorReply, type RtspReply, type RtspTarget, textReply } from './server-request.ts';
import type { ServerSession, SessionContext } from './server-session.ts';
import { TalkBack, talkFormats } from './server-talk.ts';
import { MediaPaths } from './server-transport.ts';
import { createViewer } from './server-viewer.ts';

export interface PlayOptions {
  readonly context: SessionContext;
  readonly stream: Stream;
  /** URL of the session, without a slash at its end. */
  readonly url: string;
  readonly accepts: Accepts;
  readonly packetSize: number;
  /** Text of a source that must not be used: it would be fed with its own output. */
  readonly except?: string | undefined;
  /** The client wants to talk. */
  readonly backchannel: boolean;
}

/** A client by UDP is gone when nothing came for so long: it owes receiver reports. */
export const SESSION_TIMEOUT_SECONDS = 60;
const TIMEOUT_GRACE_MS = 5000;
const FIRST_TALK_TYPE = 110;

/** Opens the camera and chooses its tracks. Rejects with StreamError. */
export async function openPlaySession(options: PlayOptions): Promise<PlaySession> {
  const { stream, accepts, packetSize, except } = options;
  const output = createRtpOutput(accepts, { packetSize, except });
  const selection = await stream.select(output.accepts, except);
  try {
    return new PlaySession(options, output, selection);
  } catch (error) {
    selection.release();
    throw error;
  }
}

export class PlaySession implements ServerSession {
  readonly sdp: string;
  aliveMs = performance.now();
  readonly #options: PlayOptions;
  readonly #output: Output<RtpChunk>;
  readonly #selection: Selection;
  readonly #formats: readonly RtpFormat[];
  readonly #paths: MediaPaths;
  /** What the client may talk in; empty if it does not want to. */
  readonly #talkFormats: readonly RtpFormat[];
  readonly #left = new AbortController();
  readonly #rtcp = { keyframeRequest: () => this.#options.stream.requestKeyframe() };
  #peer: Peer | undefined;
  #talk: TalkBack | undefined;
  #watch: Watch | undefined;
  #viewer: ReturnType<typeof createViewer> | undefined;

  /** Takes over the selection. Throws StreamError for a codec that RTP can't carry. */
  constructor(options: PlayOptions, output: Output<RtpChunk>, selection: Selection) {
    const { context, stream, backchannel } = options;
    this.#options = options;
    this.#output = output;
    this.#selection = selection;
    this.#formats = selection.liveTracks.map(({ track }, index) => formatOfTrack(track.codec, index));
    const medias: SdpMedia[] = selection.liveTracks.map(({ track }, index) => ({
      kind: track.codec.kind,
      formats: [this.#formats[index]!],
      direction: 'recvonly',
      control: controlOf(index),
    }));
    const talks = backchannel && stream.mayHaveLoudspeaker();
    this.#talkFormats = talks ? talkFormats(stream.loudspeakerCodecs(), FIRST_TALK_TYPE) : [];
    if (talks) {
      const control = controlOf(medias.length);
      medias.push({ kind: 'audio', formats: this.#talkFormats, direction: 'sendonly', control });
    }
    this.sdp = buildSdp({ name: 'porthole', control: '', medias });
    this.#paths = new MediaPaths(context, (media, index, bytes, start, end) =>
      this.#data(media, index, bytes, start, end),
    );
  }

  /** Interleaved, the connection itself tells when the client is gone or does not read. */
  get timeoutMs(): number {
    const playsByTcp = this.#watch && this.#paths.lower === 'tcp';
    return playsByTcp ? Number.POSITIVE_INFINITY : SESSION_TIMEOUT_SECONDS * 1000 + TIMEOUT_GRACE_MS;
  }

  async setup(request: RtspRequest, target: RtspTarget): Promise<RtspReply> {
    const medias = this.#formats.length + (this.#talkFormats.length > 0 ? 1 : 0);
    if (this.#watch) return textReply(455, 'already playing: PAUSE first');
    if (target.media === undefined && medias > 1)
      return textReply(459, `several medias: SETUP one of ${controlOf(0)} to ${controlOf(medias - 1)}`);
    const media = target.media ?? 0;
    if (media >= medias) return textReply(404, `no such media: ${controlOf(media)}`);
    const path = await this.#paths.setup(media, header(request, 'transport') ?? '');
    if (!path)
      return textReply(461, 'transports are RTP/AVP/TCP (interleaved) and RTP/AVP (unicast, client_port)');
    return { status: 200, headers: { Transport: path.header } };
  }

  async start(_request: RtspRequest, reply: (answer: RtspReply) => void): Promise<void> {
    if (this.#paths.size === 0) return reply(textReply(455, 'nothing to play: SETUP a media first'));
    const peer = this.#meet();
    const wantsTracks = this.#formats.some((_, media) => this.#paths.get(media));
    if (this.#watch || !wantsTracks) return reply({ status: 200 });
    const viewer = createViewer({
      peer,
      context: this.#options.context,
      paths: this.#paths,
      formats: this.#formats,
      onFirst: (muxer, chunk) => reply({ status: 200, headers: { 'RTP-Info': this.#rtpInfo(muxer, chunk) } }),
    });
    try {
      const joined = await watch(this.#options.stream, this.#output, viewer, this.#left.signal);
      if (this.#left.signal.aborted) {
        joined.close();
        viewer.stop();
      } else {
        this.#watch = joined;
        this.#viewer = viewer;
      }
      reply({ status: 200 });
    } catch (error) {
      reply(errorReply(error));
    }
  }

  pause(): RtspReply {
    this.#leave();
    return { status: 200 };
  }

  frame(channel: number, bytes: Buffer, start: number, end: number): void {
    this.#paths.frame(channel, bytes, start, end);
  }

  close(): void {
    this.#left.abort();
    this.#leave();
    this.#talk?.close();
    this.#paths.close();
    this.#selection.release();
  }

  /** The client, now that it is known how it is reached; and its microphone. */
  #meet(): Peer {
    const { context, stream } = this.#options;
    const { remoteAddress, userAgent, log } = context;
    const protocol = `rtsp+${this.#paths.lower}`;
    const peer =
      this.#peer ?? createPeer({ format: 'rtsp', protocol, remoteAddress, userAgent, sdp: this.sdp });
    this.#peer = peer;
    if (this.#talkFormats.length > 0)
      this.#talk ??= new TalkBack({ stream, formats: this.#talkFormats, peer, log });
    return peer;
  }

  #leave(): void {
    this.#watch?.close();
    this.#viewer?.stop();
    this.#watch = undefined;
    this.#viewer = undefined;
  }

  #data(media: number, index: 0 | 1, bytes: Buffer, start: number, end: number): void {
    this.aliveMs = performance.now();
    if (this.#peer) this.#peer.bytesReceived += end - start;
    if (index === 1) parseRtcp(bytes, start, end, this.#rtcp);
    else if (media === this.#formats.length) this.#talk?.push(bytes, start, end, this.aliveMs);
  }

  /** The first sequence number of each media, and its timestamp at one common instant (RFC 2326 §12.33). */
  #rtpInfo({ senders }: RtpMuxer, { sequences, seconds }: RtpChunk): string {
    return senders
      .flatMap((sender, media) => {
        if (!this.#paths.get(media)) return [];
        const timestamp = sender.timestampAt(Math.round(seconds * sender.codec.timeBase));
        return [`url=${this.#options.url}/${controlOf(media)};seq=${sequences[media]};rtptime=${timestamp}`];
      })
      .join(',');
  }
}

const controlOf = (media: number): string => `trackID=${media}`;

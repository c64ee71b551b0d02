/**
 * One session with a camera (RFC 2326 §10): which requests in which order, and what to make of the answers.
 *
 *   DESCRIBE ─▶ SETUP for each media ─▶ PLAY ─▶ packets, and a request now and then ─▶ TEARDOWN
 *      └─ 30x: the same at another address
 */
import { StreamError } from '../../core/errors.ts';
import { type Address, formatAddress } from '../../net/url.ts';
import type { RtpBlock } from '../../rtp/block.ts';
import type { RtpReceiver } from '../../rtp/receiver.ts';
import { parseSdp, type Sdp, type SdpMedia } from '../../rtp/sdp.ts';
import type { Logger } from '../../util/log.ts';
import type { RtspClient } from './client.ts';
import {
  createClient,
  DEFAULT_SESSION_SECONDS,
  expectOk,
  keepAliveMs,
  MAX_REDIRECTS,
  REDIRECTS,
  readSession,
  redirected,
  tearDown,
} from './client-session.ts';
import { aggregateUrl, baseUrl, controlUrl } from './control-url.ts';
import { keepAlive } from './keep-alive.ts';
import { header, isOk, type RtspResponse, type WriteHeaders } from './message.ts';
import { findRtpInfo, parseRtpInfo } from './rtp-info.ts';
import type { MediaTransport } from './transport.ts';
import { formatTransport, parseTransports } from './transport-header.ts';
import { TcpTransport } from './transport-tcp.ts';
import { UdpTransport } from './transport-udp.ts';

export interface SessionSettings {
  readonly address: Address;
  /** For rtsps: any certificate is accepted. */
  readonly insecureTls: boolean;
  readonly lower: 'tcp' | 'udp';
  /** RTSP goes through a WebSocket at this address. */
  readonly webSocket: Address | undefined;
  /** To connect, and for each answer. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** What makes DESCRIBE, SETUP and PLAY speak of the loudspeaker (ONVIF Streaming §5.3). */
export const BACKCHANNEL_FEATURE = 'www.onvif.org/ver20/backchannel';

interface SetUpMedia {
  readonly url: string;
  readonly receiver: RtpReceiver | undefined;
  readonly channel: number;
}

/** How far a session got. */
export type SessionStage = 'new' | 'connected' | 'described' | 'setup' | 'playing';

export class RtspSession {
  stage: SessionStage = 'new';
  /** Settles with the reason when the camera or the network ends the session; never when we close it. */
  readonly ended: Promise<StreamError>;
  readonly #settings: SessionSettings;
  readonly #end: (error: StreamError) => void;
  #closed = false;
  readonly #medias: SetUpMedia[] = [];
  #address: Address;
  #client: RtspClient | undefined;
  readonly #tcp = new TcpTransport((bytes) => this.#client?.send(bytes));
  #transport: MediaTransport | undefined;
  #udpBytes = 0;
  #base = '';
  #aggregate = '';
  #sdpText = '';
  #timeoutSeconds = DEFAULT_SESSION_SECONDS;
  #stopKeepAlive: () => void = () => {};

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#address = settings.address;
    const { promise, resolve } = Promise.withResolvers<StreamError>();
    this.ended = promise;
    this.#end = resolve;
  }

  get lower(): 'tcp' | 'udp' {
    return this.#settings.lower;
  }
  get remoteAddress(): string {
    return this.#client?.remoteAddress ?? '';
  }
  /** Where the session is in the end, without credentials. */
  get url(): string {
    return formatAddress(this.#address);
  }
  get sdpText(): string {
    return this.#sdpText;
  }
  get bytesReceived(): number {
    return (this.#client?.bytesReceived ?? 0) + this.#udpBytes;
  }
  get bytesSent(): number {
    return this.#client?.bytesSent ?? 0;
  }
  /** Times that the interleaved stream was out of step. */
  get resyncs(): number {
    return this.#client?.resyncs ?? 0;
  }
  get queuedBytes(): number {
    return this.#client?.queuedBytes ?? 0;
  }

  /** Connects and asks what there is; follows redirects. `twoWay`: asks for the loudspeaker too, where the camera lets us. */
  async describe(twoWay: boolean, signal: AbortSignal): Promise<Sdp> {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const client = await this.#connect(signal);
      this.stage = 'connected';
      const ask = (feature?: string) =>
        client.request('DESCRIBE', this.url, { Accept: 'application/sdp', Require: feature });
      let response = await ask(twoWay ? BACKCHANNEL_FEATURE : undefined);
      // The same connection: some cameras take only one, and are slow to notice that it has ended.
      if (twoWay && response.status >= 400 && response.status !== 401) response = await ask();
      if (!REDIRECTS.has(response.status)) {
        expectOk(response, 'DESCRIBE');
        this.#sdpText = response.body.toString('utf8');
        const sdp = parseSdp(this.#sdpText);
        this.#base = baseUrl(response, this.url);
        this.#aggregate = aggregateUrl(this.#base, sdp.control);
        this.stage = 'described';
        return sdp;
      }
      client.close();
      this.#address = redirected(this.#address, header(response, 'location'));
    }
    throw new StreamError('protocol', `more than ${MAX_REDIRECTS} redirects`);
  }

  /** Sets a media up. Its packets go to `receiver`. Returns its number. */
  async setup(media: SdpMedia, receiver: RtpReceiver | undefined, extra: WriteHeaders = {}): Promise<number> {
    this.stage = 'setup';
    this.#transport ??= this.#createTransport(this.#client!);
    const transport = this.#transport;
    const index = this.#medias.length;
    const url = controlUrl(this.#base, media.control);
    const offer = formatTransport(await transport.offer(index));
    const response = await this.#request('SETUP', url, { Transport: offer, ...extra });
    expectOk(response, 'SETUP');
    this.#readSession(response);
    const answered = parseTransports(header(response, 'transport') ?? '')[0];
    if (answered?.multicast) throw new StreamError('unsupported', 'the camera offers multicast only');
    // An answer without channels and ports only repeats the profile.
    const other = answered && answered.lower !== transport.lower;
    if (other && (answered.interleaved || answered.clientPort || answered.serverPort))
      throw new StreamError('unsupported', `the camera answers ${transport.lower} by ${answered.lower}`);
    if (!receiver && transport.lower === 'udp' && !answered?.serverPort)
      throw new StreamError('unsupported', 'the camera does not tell its UDP port');
    const channel = transport.accept(index, answered, receiver);
    this.#medias.push({ url, receiver, channel });
    return index;
  }

  /** Starts all medias; their packets may come before this resolves. */
  async play(extra: WriteHeaders = {}): Promise<void> {
    const range = { Range: 'npt=0.000-' };
    let response = await this.#request('PLAY', this.#aggregate, { ...range, ...extra });
    if (response.status === 457) response = await this.#request('PLAY', this.#aggregate, extra);
    if (response.status === 459) response = await this.#playEach({ ...range, ...extra });
    expectOk(response, 'PLAY');
    this.#readSession(response);
    this.#readRtpInfo(response);
    this.stage = 'playing';
    this.#transport?.started();
    this.#stopKeepAlive = keepAlive(this.#client!, this.#aggregate, {
      intervalMs: keepAliveMs(this.#timeoutSeconds),
      bytesReceived: () => this.bytesReceived,
      fail: (error) => this.#fail(error),
    });
  }

  /** The channel of a media that we send to. */
  channelOf(index: number): number {
    return this.#medias[index]?.channel ?? 0;
  }

  /** Sends RTP packets of a media. */
  send(index: number, block: RtpBlock): void {
    this.#transport?.send(index, block);
  }

  requestKeyframe(receiver: RtpReceiver): void {
    const index = this.#medias.findIndex((media) => media.receiver === receiver);
    const request = receiver.keyframeRequest();
    if (index >= 0 && request) this.#transport?.sendControl(index, request);
  }

  /** Ends the session; the camera has a moment to answer. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopKeepAlive();
    if (this.#client) await tearDown(this.#client, this.#aggregate);
    this.#transport?.close();
  }

  /** Drops the connection; what waits for an answer fails with `aborted`. */
  abort(): void {
    this.#closed = true;
    this.#stopKeepAlive();
    this.#client?.close();
    this.#transport?.close();
  }

  #fail(error: StreamError): void {
    if (!this.#closed) this.#end(error);
  }

  async #connect(signal: AbortSignal): Promise<RtspClient> {
    const client = createClient(
      { ...this.#settings, address: this.#address, signal },
      {
        onFrame: this.#tcp.receive,
        onClose: (error) => this.#fail(error),
      },
    );
    this.#client = client;
    await client.connect();
    return client;
  }

  #createTransport(client: RtspClient): MediaTransport {
    if (this.#settings.lower === 'tcp') return this.#tcp;
    const remote = client.remoteAddress.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    return new UdpTransport(client.localAddress, remote, (bytes) => {
      this.#udpBytes += bytes;
    });
  }

  #readSession(response: RtspResponse): void {
    this.#timeoutSeconds = readSession(this.#client!, response) ?? this.#timeoutSeconds;
  }

  #readRtpInfo(response: RtspResponse): void {
    const entries = parseRtpInfo(header(response, 'rtp-info') ?? '');
    for (const { url, receiver } of this.#medias) {
      const rtpTime = findRtpInfo(entries, url)?.rtpTime;
      if (receiver && rtpTime !== undefined) receiver.rtpTime = rtpTime;
    }
  }

  /** ONVIF wants `Require` in SETUP and PLAY as well; a camera that does not know it there gets the request without. */
  async #request(method: string, url: string, headers: WriteHeaders): Promise<RtspResponse> {
    const response = await this.#client!.request(method, url, headers);
    if (response.status !== 551 || !headers.Require) return response;
    return this.#client!.request(method, url, { ...headers, Require: undefined });
  }

  /** For servers that do not allow one PLAY for all medias. Returns the last answer, or the first refusal. */
  async #playEach(headers: WriteHeaders): Promise<RtspResponse> {
    let response: RtspResponse | undefined;
    for (const { url } of this.#medias) {
      response = await this.#request('PLAY', url, headers);
      if (!isOk(response)) break;
    }
    return response!;
  }
}

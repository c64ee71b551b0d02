/**
 * One client of our server: answers its commands, then it plays or publishes one stream.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §7.2; releaseStream, FCPublish and FCUnpublish are observed.
 *
 *   (handshake)                              chunk size
 *   connect                                  window, bandwidth, _result
 *   releaseStream FCPublish createStream     _result, createStream's is always 1
 *   play name                                StreamBegin, NetStream.Play.Start, metadata, media
 *   publish name                             NetStream.Publish.Start
 *   deleteStream closeStream FCUnpublish     the end
 */
import type { Socket } from 'node:net';
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createPeer, type Peer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Logger } from '../../util/log.ts';
import type { AmfObject, AmfValue } from '../flv/amf0.ts';
import { announceChunkSize } from './chunk-writer.ts';
import { type Command, RtmpConnection, textOf, textsOf, WINDOW_BYTES } from './connection.ts';
import { MediaInput } from './media-input.ts';
import { EVENT, MESSAGE_TYPE, uint32, userControl } from './message.ts';
import { createRtmpOutput, SERVER_STREAM_ID } from './muxer.ts';
import { parseStreamRequest, type StreamRequest } from './stream-name.ts';
import { createRtmpViewer } from './viewer.ts';

/** What a connection asks the server for. */
export interface ConnectionHost {
  readonly log: Logger;
  find(names: readonly string[]): Stream | undefined;
  /** Whether a client may connect to this application; `later`: the query of its stream will tell. */
  admit(
    app: string,
    publishes: boolean,
    remoteAddress: string,
  ): 'authorized' | 'later' | { readonly refusal: string };
  /** Whether a client that was let in may go on to a stream with this query. */
  authorize(query: URLSearchParams, remoteAddress: string): boolean;
}

/** Until a client plays or publishes. */
const BEGIN_MS = 15_000;
/** One that publishes and falls silent; the watchdog of its stream is quicker when somebody watches. */
const SILENT_MS = 60_000;
/** What is still sent when the connection ends: a status, but not what a client that does not read left in the queue. */
const MAX_FLUSHED_BYTES = 64 << 10;
const FLUSH_MS = 2000;
const LIMIT_DYNAMIC = 2;

export class ServerConnection {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #remoteAddress: string;
  readonly #connection: RtmpConnection;
  readonly #left = new AbortController();
  readonly #beginning: NodeJS.Timeout;
  #app: string | undefined;
  #userAgent: string | undefined;
  /** As players say by Enhanced RTMP (v1, `fourCcList` of connect). */
  #knowsHevc = false;
  #streamName: string | undefined;
  #peer: Peer | undefined;
  #input: MediaInput | undefined;
  #watch: Watch | undefined;
  #ended = false;
  #authorized = false;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#remoteAddress = socket.remoteAddress ?? '';
    this.#connection = new RtmpConnection('server', {
      write: (bytes) => this.#write(bytes),
      onReady: () => this.#write(announceChunkSize()),
      onCommand: (command) => this.#command(command),
      onMedia: (message) => this.#input?.push(message),
    });
    const late = (): void => this.end(new StreamError('timeout', 'nothing came from the client in time'));
    this.#beginning = setTimeout(late, BEGIN_MS);
    socket.on('timeout', late);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.end(new StreamError('closed', 'client closed the connection')));
  }

  end(reason?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#beginning);
    if (reason)
      this.#host.log.debug('client left', { stream: this.#streamName, client: this.#remoteAddress, reason });
    this.#left.abort();
    this.#stop();
    if (this.#socket.writableLength > MAX_FLUSHED_BYTES) this.#socket.destroy();
    else this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), FLUSH_MS).unref();
  }

  #write(bytes: Buffer): void {
    if (!this.#ended) this.#socket.write(bytes);
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    if (this.#peer) this.#peer.bytesReceived += bytes.length;
    try {
      this.#connection.push(bytes);
    } catch (error) {
      this.end(toStreamError(error));
    }
  }

  #stop(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#input?.end();
    this.#input = undefined;
  }

  #command({ name, transaction, values }: Command): void {
    if (name === 'connect') this.#connect(transaction, values[0]);
    else if (this.#app === undefined) this.end(new StreamError('protocol', `${name} before connect`));
    else this.#call(name, transaction, typeof values[1] === 'string' ? values[1] : '');
  }

  #call(name: string, transaction: number, argument: string): void {
    switch (name) {
      case 'createStream':
        this.#result(transaction, null, SERVER_STREAM_ID);
        break;
      case 'releaseStream':
        // A camera whose address has no application names its stream here first.
        if (this.#app === '') this.#app = argument;
        this.#result(transaction, null, undefined);
        break;
      case 'FCSubscribe':
        this.#result(transaction, null, undefined);
        break;
      case 'FCPublish':
        this.#connection.command(0, 'onFCPublish', 0, null, { code: 'NetStream.Publish.Start' });
        break;
      case 'getStreamLength':
        this.#result(transaction, null, 0);
        break;
      case 'play':
      case 'publish':
        void this.#begin(name, argument);
        break;
      case 'FCUnpublish':
      case 'closeStream':
      case 'deleteStream':
        if (this.#peer) this.end();
        break;
      default:
        if (transaction > 0 && !name.startsWith('_'))
          this.#refuse(transaction, 'NetConnection.Call.Failed', `${name} is not known here`);
    }
  }

  #refuse(transaction: number, code: string, description: string): void {
    this.#connection.command(0, '_error', transaction, null, { level: 'error', code, description });
  }

  #result(transaction: number, ...values: readonly AmfValue[]): void {
    this.#connection.command(0, '_result', transaction, ...values);
  }

  #connect(transaction: number, object: AmfValue): void {
    if (this.#app !== undefined) {
      this.end(new StreamError('protocol', 'a second connect'));
      return;
    }
    this.#app = textOf(object, 'app') ?? '';
    this.#userAgent = textOf(object, 'flashVer');
    this.#knowsHevc = textsOf(object, 'fourCcList').some((fourCc) => fourCc === '*' || fourCc === 'hvc1');
    const publishes = textOf(object, 'type') === 'nonprivate';
    const verdict = this.#host.admit(this.#app, publishes, this.#remoteAddress);
    if (typeof verdict !== 'string') {
      this.#refuse(transaction, 'NetConnection.Connect.Rejected', verdict.refusal);
      this.end(new StreamError('unauthorized', 'refused'));
      return;
    }
    this.#authorized = verdict === 'authorized';
    const connection = this.#connection;
    connection.control(MESSAGE_TYPE.windowAcknowledgementSize, uint32(WINDOW_BYTES));
    const bandwidth = Buffer.concat([uint32(WINDOW_BYTES), Buffer.from([LIMIT_DYNAMIC])]);
    connection.control(MESSAGE_TYPE.setPeerBandwidth, bandwidth);
    this.#result(
      transaction,
      { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 },
      {
        ...{ level: 'status', code: 'NetConnection.Connect.Success', description: 'Connected' },
        objectEncoding: 0,
      },
    );
  }

  async #begin(what: 'play' | 'publish', name: string): Promise<void> {
    if (this.#peer) {
      this.end(new StreamError('protocol', 'one stream a connection'));
      return;
    }
    clearTimeout(this.#beginning);
    const request = parseStreamRequest(this.#app!, name);
    const stream = this.#host.find(request.names);
    this.#streamName = stream?.name ?? request.names[0];
    const [notFound, failed] =
      what === 'play'
        ? ['NetStream.Play.StreamNotFound', 'NetStream.Play.Failed']
        : ['NetStream.Publish.BadName', 'NetStream.Publish.Denied'];
    try {
      if (!this.#authorized && !this.#host.authorize(request.query, this.#remoteAddress))
        throw new StreamError('unauthorized', 'unauthorized: user and pass of the query are not right');
      if (!stream) throw new StreamError('not_found', `stream not found: ${request.names[0] ?? ''}`);
      this.#peer = createPeer({
        format: what === 'play' ? 'flv' : 'rtmp',
        protocol: 'rtmp',
        remoteAddress: `${this.#remoteAddress}:${this.#socket.remotePort}`,
        userAgent: this.#userAgent,
      });
      await (what === 'play' ? this.#play(stream, request, this.#peer) : this.#publish(stream, this.#peer));
    } catch (error) {
      const failure = toStreamError(error);
      this.#status('error', failure.code === 'not_found' && !stream ? notFound : failed, failure.message);
      this.end(failure);
    }
  }

  #status(level: 'status' | 'error', code: string, description: string): void {
    const info: AmfObject = { level, code, description };
    this.#connection.command(SERVER_STREAM_ID, 'onStatus', 0, null, info);
  }

  async #play(stream: Stream, { query }: StreamRequest, peer: Peer): Promise<void> {
    const output = createRtmpOutput({
      query,
      streamId: SERVER_STREAM_ID,
      publishes: false,
      knowsHevc: this.#knowsHevc,
    });
    const viewer = createRtmpViewer({
      peer,
      queuedBytes: () => this.#socket.writableLength,
      write: (bytes) => this.#write(bytes),
      onStart: () => this.#playStart(),
      onClose: (reason) => {
        const code = reason ? 'NetStream.Play.UnpublishNotify' : 'NetStream.Play.Stop';
        this.#status('status', code, 'the stream ended');
        this.end(reason);
      },
    });
    const joined = await watch(stream, output, viewer, this.#left.signal);
    if (this.#ended) joined.close();
    else this.#watch = joined;
  }

  #playStart(): void {
    const begin = userControl(EVENT.streamBegin, uint32(SERVER_STREAM_ID));
    this.#connection.control(MESSAGE_TYPE.userControl, begin);
    this.#status('status', 'NetStream.Play.Reset', 'Playing and resetting');
    this.#status('status', 'NetStream.Play.Start', 'Started playing');
  }

  async #publish(stream: Stream, peer: Peer): Promise<void> {
    this.#socket.setTimeout(SILENT_MS);
    const input = new MediaInput(peer);
    this.#input = input;
    this.#status('status', 'NetStream.Publish.Start', 'Publishing');
    try {
      await input.known;
      await stream.publish(
        input.producer(() => this.end()),
        this.#left.signal,
      );
      this.end();
    } catch (error) {
      // A client that leaves is no failure of ours.
      if (!this.#ended) throw error;
    }
  }
}

/**
 * The client's end of an RTSP connection: requests with CSeq, authentication and time-outs, one at a time; interleaved
 * frames are handed on as they come.
 *
 *   request ──▶ queue ──▶ CSeq, Session, Authorization ──▶ wire
 *   wire ──▶ InterleavedReader ──┬─▶ response: matched by CSeq, else to the one that waits; 401 is answered once
 *                                ├─▶ request of the camera: answered
 *                                └─▶ frame: onFrame, in place
 *
 * RFC 2326 §10, §12.17; RFC 7826 §13.5 for keep-alive.
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { ByteStream, ByteStreamHandlers } from '../../net/byte-stream.ts';
import { type ClientAuth, type Credentials, createClientAuth } from '../../net/digest.ts';
import type { Logger } from '../../util/log.ts';
import { InterleavedReader } from './interleaved.ts';
import {
  formatRequest,
  formatResponse,
  header,
  type RtspMessage,
  type RtspRequest,
  type RtspResponse,
  type WriteHeaders,
} from './message.ts';

export interface RtspClientOptions {
  /** Opens the connection below: TCP, TLS or WebSocket. */
  readonly connect: (handlers: ByteStreamHandlers) => Promise<ByteStream>;
  readonly credentials: Credentials | undefined;
  /** For each request. */
  readonly timeoutMs: number;
  readonly log: Logger;
  /** One interleaved frame, `bytes[start, end)`, lent; `nowMs` of `performance.now()`. */
  readonly onFrame: (channel: number, bytes: Buffer, start: number, end: number, nowMs: number) => void;
  /** The connection broke, or the camera closed it. */
  readonly onClose: (error: StreamError) => void;
}

interface Waiting {
  readonly sequence: number;
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (error: StreamError) => void;
}

const USER_AGENT = 'Porthole';
/** A stale nonce, and the challenge after it. */
const MAX_ATTEMPTS = 3;

export class RtspClient {
  bytesReceived = 0;
  bytesSent = 0;
  /** Times that bytes had to be skipped to find the next frame. */
  resyncs = 0;
  /** The `Session` of all further requests. */
  session: string | undefined;
  /** Methods that the camera has announced in `Public`; empty while it has not. */
  publicMethods: ReadonlySet<string> = new Set();
  readonly #options: RtspClientOptions;
  readonly #auth: ClientAuth | undefined;
  readonly #reader: InterleavedReader;
  #stream: ByteStream | undefined;
  #closed: StreamError | undefined;
  #sequence = 0;
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #answered = false;
  #nowMs = 0;

  constructor(options: RtspClientOptions) {
    this.#options = options;
    this.#auth = options.credentials && createClientAuth(options.credentials);
    this.#reader = new InterleavedReader({
      onFrame: (channel, bytes, start, end) => options.onFrame(channel, bytes, start, end, this.#nowMs),
      onMessage: (message) => this.#receive(message),
      onResync: () => {
        this.resyncs++;
      },
    });
  }

  /** Fails with StreamError. */
  async connect(): Promise<void> {
    this.#stream = await this.#options.connect({
      onData: (bytes, start, end) => this.#read(bytes, start, end),
      onClose: (error) =>
        this.#fail(error ?? new StreamError('closed', 'the other side closed the connection')),
    });
    if (this.#closed) throw this.#closed;
  }

  get remoteAddress(): string {
    return this.#stream?.remoteAddress ?? '';
  }

  get localAddress(): string {
    return this.#stream?.localAddress ?? '';
  }

  /** Bytes that are not on the wire yet. */
  get queuedBytes(): number {
    return this.#stream?.queuedBytes ?? 0;
  }

  /** Sends interleaved frames. */
  send(bytes: Buffer): void {
    if (this.#closed) return;
    this.bytesSent += bytes.length;
    this.#stream?.write(bytes);
  }

  /**
   * Sends a request when those before it are answered, and returns the response, whatever its status; 401 is answered
   * with credentials first. Fails with `unauthorized`, `timeout`, `closed`, `protocol`.
   */
  request(method: string, url: string, headers: WriteHeaders = {}, body?: Buffer): Promise<RtspResponse> {
    const response = this.#queue.then(() => this.#authorized(method, url, headers, body));
    this.#queue = response.catch(() => {});
    return response;
  }

  /** Closes at once; what was sent last still leaves. `onClose` is not called. */
  close(): void {
    if (!this.#closed) this.#end(new StreamError('aborted', 'connection closed'));
  }

  async #authorized(
    method: string,
    url: string,
    headers: WriteHeaders,
    body: Buffer | undefined,
  ): Promise<RtspResponse> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#exchange(method, url, headers, body);
      if (response.status !== 401) return response;
      if (!this.#auth) throw new StreamError('unauthorized', 'a user and a password are wanted');
      const outcome = this.#auth.challenge(response.headers.get('www-authenticate') ?? []);
      if (outcome === 'unsupported')
        throw new StreamError('unauthorized', 'an unknown kind of authentication is asked for');
      const answeredBefore = attempt > 1 && outcome !== 'stale';
      if (answeredBefore || attempt === MAX_ATTEMPTS)
        throw new StreamError('unauthorized', 'wrong user or password');
    }
  }

  #exchange(
    method: string,
    url: string,
    headers: WriteHeaders,
    body: Buffer | undefined,
  ): Promise<RtspResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<RtspResponse>();
    if (this.#closed || !this.#stream) {
      reject(this.#closed ?? new StreamError('closed', 'not connected'));
      return promise;
    }
    const sequence = ++this.#sequence;
    const { timeoutMs, log } = this.#options;
    const timer = setTimeout(() => {
      reject(new StreamError('timeout', `no answer to ${method} within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    this.#waiting = { sequence, resolve, reject };
    const authorization = this.#auth?.authorize(method, url);
    const all = {
      CSeq: sequence,
      'User-Agent': USER_AGENT,
      Session: this.session,
      ...headers,
      Authorization: authorization,
    };
    const bytes = formatRequest(method, url, all, body);
    if (log.enabled('trace')) log.trace(`request ${method} ${url}`, { cseq: sequence });
    this.bytesSent += bytes.length;
    this.#stream.write(bytes);
    return promise.finally(() => clearTimeout(timer));
  }

  #read(bytes: Buffer, start: number, end: number): void {
    if (this.#closed) return;
    this.bytesReceived += end - start;
    this.#nowMs = performance.now();
    try {
      this.#reader.push(bytes, start, end);
    } catch (error) {
      this.#fail(this.#describe(toStreamError(error)));
    }
  }

  #describe(error: StreamError): StreamError {
    const got = /^not RTSP: (.*)$/s.exec(error.message)?.[1];
    if (this.#answered || !got) return error;
    return new StreamError('protocol', `not an RTSP server (got ${got})`, error);
  }

  #receive(message: RtspMessage): void {
    if (this.#closed) return;
    this.#answered = true;
    if (message.kind === 'request') {
      this.#reply(message);
      return;
    }
    const { log } = this.#options;
    const sequence = header(message, 'cseq');
    if (log.enabled('trace')) log.trace(`response ${message.status} ${message.reason}`, { cseq: sequence });
    const announced = message.headers.get('public');
    if (announced)
      this.publicMethods = new Set(
        announced
          .join(',')
          .toUpperCase()
          .split(/[\s,]+/),
      );
    const waiting = this.#waiting;
    // A late answer to a request that timed out; cameras without CSeq, or with one of their own, are believed.
    if (!waiting || Number(sequence) < waiting.sequence) return;
    this.#waiting = undefined;
    waiting.resolve(message);
  }

  /** Cameras ask little: whether we live, or to take note of new parameters. */
  #reply(request: RtspRequest): void {
    const known = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'ANNOUNCE', 'REDIRECT', 'TEARDOWN'];
    const status = known.includes(request.method) ? 200 : 501;
    this.send(formatResponse(status, { CSeq: header(request, 'cseq'), Session: this.session }));
    if (request.method === 'REDIRECT' || request.method === 'TEARDOWN')
      this.#fail(new StreamError('closed', 'the other side ended the session'));
  }

  #fail(error: StreamError): void {
    if (this.#closed) return;
    this.#end(error);
    this.#options.onClose(error);
  }

  #end(error: StreamError): void {
    this.#closed = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#stream?.close();
  }
}

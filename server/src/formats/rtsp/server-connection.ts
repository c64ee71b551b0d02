/**
 * One connection of the RTSP server: reads requests and frames, answers in order, and holds at most one session.
 *
 *   OPTIONS DESCRIBE SETUP PLAY PAUSE TEARDOWN          play      RFC 2326 appendix D
 *   OPTIONS ANNOUNCE SETUP RECORD TEARDOWN              publish
 *   GET_PARAMETER SET_PARAMETER                         keep alive
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { Logger } from '../../util/log.ts';
import { InterleavedReader } from './interleaved.ts';
import { formatResponse, header, type RtspMessage, type RtspRequest } from './message.ts';
import { PlaySession, SESSION_TIMEOUT_SECONDS } from './server-play.ts';
import {
  errorReply,
  type Permission,
  parseTarget,
  type RtspGrant,
  type RtspReply,
  type RtspTarget,
  textReply,
} from './server-request.ts';
import type { ServerSession, SessionContext } from './server-session.ts';

/** What a connection asks the server for. */
export interface ConnectionHost {
  readonly log: Logger;
  authorize(request: RtspRequest, remoteAddress: string): Permission;
  /** Opens the stream for a client that plays. Rejects with StreamError. */
  play(
    context: SessionContext,
    target: RtspTarget,
    talk: { readonly wanted: boolean; readonly allowed: boolean },
  ): Promise<PlaySession>;
  /** A session for a client that publishes. Throws StreamError. */
  record(context: SessionContext, target: RtspTarget, sdp: string): ServerSession;
}

const FIRST_REQUEST_MS = 10_000;
const IDLE_MS = SESSION_TIMEOUT_SECONDS * 1000;
const MAX_QUEUED_REQUESTS = 16;
const MAX_REFUSALS = 3;
/** What is still sent when the connection ends: an answer, but not what a client that does not read left in the queue. */
const MAX_FLUSHED_BYTES = 64 << 10;
const BACKCHANNEL = 'www.onvif.org/ver20/backchannel';
const PUBLIC =
  'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, ANNOUNCE, RECORD, GET_PARAMETER, SET_PARAMETER';

export class Connection implements SessionContext {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader: InterleavedReader;
  readonly #requests: RtspRequest[] = [];
  #busy = false;
  #session:
    | {
        readonly id: string;
        readonly session: ServerSession;
        readonly grant: RtspGrant | undefined;
        readonly forget: () => void;
      }
    | undefined;
  /** That the client asked for last. */
  #streamName: string | undefined;
  #requestedMs = performance.now();
  #greeted = false;
  #refusals = 0;
  #ended = false;
  userAgent: string | undefined;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.localAddress = socket.localAddress ?? '';
    this.#reader = new InterleavedReader({
      onFrame: (channel, bytes, start, end) => this.#session?.session.frame(channel, bytes, start, end),
      onMessage: (message) => this.#enqueue(message),
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#endSession(new StreamError('closed', 'client closed the connection'));
    });
  }

  get log(): Logger {
    return this.#host.log;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (!this.#ended) this.#socket.write(bytes);
  }

  end(reason?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    if (reason)
      this.log.debug('client dropped', { stream: this.#streamName, client: this.remoteAddress, reason });
    this.#endSession(reason ?? new StreamError('closed', 'server closed the connection'));
    if (this.#socket.writableLength > MAX_FLUSHED_BYTES) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  /** Ends the connection if its client has been silent for too long, or does not take its last answer. */
  checkSilence(nowMs: number): void {
    if (this.#ended) {
      this.#socket.destroy();
      return;
    }
    const session = this.#session?.session;
    const allowedMs = session?.timeoutMs ?? (this.#greeted ? IDLE_MS : FIRST_REQUEST_MS);
    const silentMs = nowMs - Math.max(this.#requestedMs, session?.aliveMs ?? 0);
    if (silentMs > allowedMs && !this.#busy)
      this.end(new StreamError('timeout', 'nothing came from the client'));
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#send(undefined, errorReply(error, 400));
      this.end(toStreamError(error));
    }
  }

  #enqueue(message: RtspMessage): void {
    this.#requestedMs = performance.now();
    if (message.kind !== 'request' || this.#ended) return;
    if (this.#requests.length >= MAX_QUEUED_REQUESTS) {
      this.end(new StreamError('limit', 'too many requests at once'));
      return;
    }
    this.#requests.push(message);
    if (!this.#busy) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (let request = this.#requests.shift(); request; request = this.#requests.shift()) {
      let answered = false;
      const current = request;
      const reply = (answer: RtspReply): void => {
        if (!answered) this.#send(current, answer);
        answered = true;
      };
      try {
        await this.#answer(current, reply);
      } catch (error) {
        this.log.debug('request failed', {
          stream: this.#streamName,
          method: current.method,
          url: current.url,
          error,
        });
        reply(errorReply(error));
      }
      if (this.#ended) break;
    }
    this.#requestedMs = performance.now();
    this.#busy = false;
  }

  async #answer(request: RtspRequest, reply: (answer: RtspReply) => void): Promise<void> {
    this.#greeted = true;
    this.userAgent ??= header(request, 'user-agent');
    if (request.method === 'OPTIONS') return reply({ status: 200, headers: { Public: PUBLIC } });
    const permission = this.#permission(request);
    const refusal = permission.refusal ?? this.#refuse(request);
    if (refusal) return this.#sendRefusal(refusal, reply);
    const { grant } = permission;
    if (request.method === 'DESCRIBE' || request.method === 'ANNOUNCE')
      this.#streamName = parseTarget(request.url).name;
    switch (request.method) {
      case 'DESCRIBE':
        return reply(await this.#describe(request, grant));
      case 'ANNOUNCE':
        return reply(this.#announce(request));
      case 'SETUP':
        return reply(await this.#setup(request, grant));
      case 'PLAY':
      case 'RECORD':
        return await this.#start(request, reply);
      case 'PAUSE':
        return reply(this.#session?.session.pause() ?? textReply(454, 'no session to pause'));
      case 'TEARDOWN':
        if (!this.#session) return reply(textReply(454, 'no session to tear down'));
        reply({ status: 200 });
        return this.#endSession();
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return reply({ status: 200 });
      default:
        return reply(textReply(501, `method ${request.method} is not supported`, { Allow: PUBLIC }));
    }
  }

  /** A session that a token opened goes on without it: clients leave it out of what comes after DESCRIBE. */
  #permission(request: RtspRequest): Permission {
    const opens = request.method === 'DESCRIBE' || request.method === 'ANNOUNCE';
    if (this.#session?.grant && !opens) return { grant: this.#session.grant };
    return this.#host.authorize(request, this.remoteAddress);
  }

  /** What is wrong with a request whatever its method: another session, an option that we don't have. */
  #refuse(request: RtspRequest): RtspReply | undefined {
    const id = header(request, 'session')?.split(';')[0]?.trim();
    if (id && id !== this.#session?.id) return textReply(454, 'no such session on this connection');
    const unknown = requiredOptions(request).filter((option) => option !== BACKCHANNEL);
    if (unknown.length === 0) return undefined;
    return textReply(551, `not supported: ${unknown.join(', ')}`, { Unsupported: unknown.join(', ') });
  }

  #sendRefusal(refusal: RtspReply, reply: (answer: RtspReply) => void): void {
    reply(refusal);
    if (refusal.status === 401 && ++this.#refusals > MAX_REFUSALS)
      this.end(new StreamError('unauthorized', 'wrong user or password'));
  }

  async #describe(request: RtspRequest, grant: RtspGrant | undefined): Promise<RtspReply> {
    this.#endSession();
    const session = await this.#open(request, grant);
    const { base } = parseTarget(request.url);
    return {
      status: 200,
      headers: { 'Content-Base': `${base.replace(/\/+$/, '')}/`, 'Content-Type': 'application/sdp' },
      body: Buffer.from(session.sdp),
    };
  }

  async #open(request: RtspRequest, grant: RtspGrant | undefined): Promise<PlaySession> {
    const talk = {
      wanted: requiredOptions(request).includes(BACKCHANNEL),
      allowed: grant?.mayTalk ?? true,
    };
    const session = await this.#host.play(this, parseTarget(request.url), talk);
    if (this.#ended || grant?.revoked.aborted) {
      session.close();
      throw new StreamError('aborted', this.#ended ? 'client left' : 'the token was revoked');
    }
    this.#begin(session, grant);
    return session;
  }

  #announce(request: RtspRequest): RtspReply {
    this.#endSession();
    this.#begin(this.#host.record(this, parseTarget(request.url), request.body.toString()));
    return { status: 200 };
  }

  async #setup(request: RtspRequest, grant: RtspGrant | undefined): Promise<RtspReply> {
    const session = this.#session?.session ?? (await this.#open(request, grant));
    const answer = await session.setup(request, parseTarget(request.url));
    if (answer.status !== 200 || !this.#session) return answer;
    const id = `${this.#session.id};timeout=${SESSION_TIMEOUT_SECONDS}`;
    return { ...answer, headers: { ...answer.headers, Session: id } };
  }

  async #start(request: RtspRequest, reply: (answer: RtspReply) => void): Promise<void> {
    const session = this.#session?.session;
    if (!session) return reply(textReply(455, 'no session: DESCRIBE or ANNOUNCE, and SETUP, come first'));
    if ((request.method === 'PLAY') !== session instanceof PlaySession)
      return reply(textReply(455, `${request.method} does not fit this session`));
    await session.start(request, reply);
  }

  #begin(session: ServerSession, grant?: RtspGrant): void {
    const revoke = (): void => this.end(new StreamError('unauthorized', 'the token was revoked'));
    grant?.revoked.addEventListener('abort', revoke);
    const forget = (): void => grant?.revoked.removeEventListener('abort', revoke);
    this.#session = { id: randomBytes(8).toString('hex'), session, grant, forget };
  }

  #endSession(reason?: Error): void {
    const ended = this.#session;
    this.#session = undefined;
    ended?.forget();
    ended?.session.close(reason);
  }

  #send(request: RtspRequest | undefined, { status, headers, body }: RtspReply): void {
    if (this.#ended) return;
    const cseq = request && header(request, 'cseq');
    const session = request && header(request, 'session') ? this.#session?.id : undefined;
    this.#socket.write(
      formatResponse(status, { CSeq: cseq, Server: 'porthole', Session: session, ...headers }, body),
    );
    this.log.trace('request', { method: request?.method, url: request?.url, status });
  }
}

function requiredOptions(request: RtspRequest): string[] {
  return (request.headers.get('require') ?? []).flatMap((list) =>
    list.split(',').map((option) => option.trim()),
  );
}

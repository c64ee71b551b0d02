/**
 * The client's side: connects to an application, then plays or publishes one stream of it.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §7.2; releaseStream and FCPublish are observed.
 *
 *   → connect              ← _result NetConnection.Connect.Success
 *   → createStream         ← _result id                            (publish: releaseStream, FCPublish before it)
 *   → play name            ← onStatus NetStream.Play.Start, or media
 *   → publish name "live"  ← onStatus NetStream.Publish.Start
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { ByteStream } from '../../net/byte-stream.ts';
import { connectTcp } from '../../net/tcp.ts';
import type { AmfObject, AmfValue } from '../flv/amf0.ts';
import type { RtmpAddress } from './address.ts';
import { answerRefusal } from './auth.ts';
import { announceChunkSize } from './chunk-writer.ts';
import { type Command, RtmpConnection, textOf } from './connection.ts';
import { MESSAGE_TYPE, type Message, uint32, userControl } from './message.ts';
import { failureOf, REFUSED } from './status.ts';

export interface ClientOptions {
  readonly mode: 'play' | 'publish';
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onMedia: (message: Message) => void;
  /** Bytes that came, for the statistics. */
  readonly onBytes: (bytes: number) => void;
  /** Called once, after the stream has begun: it ended, or the connection did. */
  readonly onEnd: (reason: StreamError) => void;
}

export interface RtmpClient {
  readonly stream: ByteStream;
  /** The message stream that media goes on. */
  readonly streamId: number;
  /** Says goodbye and closes; `onEnd` is not called any more. */
  close(): void;
}

const MAX_ATTEMPTS = 3;
/** What we play beyond the codecs of old (Enhanced RTMP v1). */
const FOUR_CC_LIST = ['hvc1', 'av01', 'Opus'];
/** Servers that cannot read a list leave a `connect` with one unanswered (go2rtc), or close: after so long they are asked without. */
const LIST_PATIENCE_MS = 2500;
const FLASH_VERSION = 'LNX 9,0,124,2';
const PUBLISHER_VERSION = 'FMLE/3.0 (compatible; porthole)';
const SET_BUFFER_LENGTH = 3;
const BUFFER_MS = 1000;
const FAILURE = /\.(?:Failed|Rejected|BadName|StreamNotFound)$/;
const START = /^NetStream\.(?:Play|Publish)\.Start$/;
const END = /^NetStream\.(?:Play\.(?:Stop|Complete|UnpublishNotify)|Unpublish\.Success)$/;

/** Resolves when the stream has begun. Rejects with StreamError: `unauthorized`, `not_found`, `unreachable`, `timeout` … */
export async function connectRtmp(address: RtmpAddress, options: ClientOptions): Promise<RtmpClient> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  let query = '';
  let sendsList = options.mode === 'play';
  for (let attempt = 1; ; attempt++) {
    const session = new ClientSession(address, options, { query, sendsList });
    try {
      return await session.open(signal);
    } catch (error) {
      session.close();
      if (deadline.aborted && !options.signal.aborted)
        throw new StreamError('timeout', `no answer within ${options.timeoutMs / 1000} s`);
      const refusal = toStreamError(error);
      if (sendsList && session.isUnanswered && !signal.aborted) {
        sendsList = false;
        attempt--;
        continue;
      }
      const { credentials } = address;
      const challenge = REFUSED.get(refusal);
      if (challenge === undefined || !credentials || attempt >= MAX_ATTEMPTS) throw refusal;
      query = answerRefusal(challenge, credentials);
    }
  }
}

class ClientSession implements RtmpClient {
  stream!: ByteStream;
  streamId = 0;
  /** It was sent `connect`, and gave no answer. */
  isUnanswered = false;
  readonly #address: RtmpAddress;
  readonly #options: ClientOptions;
  readonly #query: string;
  readonly #sendsList: boolean;
  readonly #calls = new Map<number, PromiseWithResolvers<readonly AmfValue[]>>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  #connection: RtmpConnection | undefined;
  #transaction = 0;
  #hasBegun = false;
  #over = false;

  constructor(
    address: RtmpAddress,
    options: ClientOptions,
    { query, sendsList }: { readonly query: string; readonly sendsList: boolean },
  ) {
    this.#address = address;
    this.#options = options;
    this.#query = query;
    this.#sendsList = sendsList;
    for (const { promise } of [this.#ready, this.#begun]) promise.catch(() => {});
  }

  async open(signal: AbortSignal): Promise<RtmpClient> {
    const { host, port, tls } = this.#address;
    const { timeoutMs } = this.#options;
    const abort = (): void => this.#end(toStreamError(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    try {
      this.stream = await connectTcp(
        { host, port, tls, timeoutMs, signal },
        {
          onData: (bytes, start, end) => this.#read(bytes, start, end),
          onClose: (error) =>
            this.#end(error ?? new StreamError('closed', 'the other side closed the connection')),
        },
      );
      await this.#negotiate();
      return this;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  close(): void {
    const connection = this.#connection;
    if (!this.#over && this.streamId > 0 && connection) {
      if (this.#options.mode === 'publish')
        connection.command(0, 'FCUnpublish', ++this.#transaction, null, this.#address.stream);
      connection.command(0, 'deleteStream', ++this.#transaction, null, this.streamId);
    }
    this.#over = true;
    this.stream?.close();
  }

  async #negotiate(): Promise<void> {
    const { stream: name } = this.#address;
    const publishes = this.#options.mode === 'publish';
    this.#connection = new RtmpConnection('client', {
      write: (bytes) => this.stream.write(bytes),
      onReady: () => this.#ready.resolve(),
      onCommand: (command) => this.#command(command),
      onMedia: (message) => this.#media(message),
      onEof: () => this.#end(new StreamError('closed', 'the stream ended')),
    });
    const connection = this.#connection;
    await this.#ready.promise;
    this.stream.write(announceChunkSize());
    await this.#connect(publishes);
    if (publishes) {
      connection.command(0, 'releaseStream', ++this.#transaction, null, name);
      connection.command(0, 'FCPublish', ++this.#transaction, null, name);
    }
    const [, id] = await this.#call('createStream', null);
    this.streamId = typeof id === 'number' && id > 0 ? id : 1;
    if (publishes) connection.command(this.streamId, 'publish', ++this.#transaction, null, name, 'live');
    else {
      connection.command(this.streamId, 'play', ++this.#transaction, null, name);
      const buffer = Buffer.concat([uint32(this.streamId), uint32(BUFFER_MS)]);
      connection.control(MESSAGE_TYPE.userControl, userControl(SET_BUFFER_LENGTH, buffer));
    }
    await this.#begun.promise;
  }

  async #connect(publishes: boolean): Promise<void> {
    const giveUp = (): void => this.#end(new StreamError('timeout', 'connect was not answered'));
    const patience = this.#sendsList ? setTimeout(giveUp, LIST_PATIENCE_MS) : undefined;
    this.isUnanswered = true;
    try {
      await this.#call('connect', this.#connectObject(publishes));
    } finally {
      clearTimeout(patience);
    }
  }

  #connectObject(publishes: boolean): AmfObject {
    const { app, tcUrl } = this.#address;
    const query = this.#query && app.includes('?') ? this.#query.replace('?', '&') : this.#query;
    const object = { app: app + query, ...(publishes ? { type: 'nonprivate' } : {}) };
    if (publishes) return { ...object, flashVer: PUBLISHER_VERSION, tcUrl: tcUrl + query };
    return {
      ...{ ...object, flashVer: FLASH_VERSION, tcUrl: tcUrl + query, fpad: false, capabilities: 15 },
      ...{ audioCodecs: 4071, videoCodecs: 252, videoFunction: 1 },
      ...(this.#sendsList ? { fourCcList: FOUR_CC_LIST } : {}),
    };
  }

  #call(name: string, ...values: readonly AmfValue[]): Promise<readonly AmfValue[]> {
    const transaction = ++this.#transaction;
    const answer = Promise.withResolvers<readonly AmfValue[]>();
    this.#calls.set(transaction, answer);
    this.#connection!.command(0, name, transaction, ...values);
    return answer.promise;
  }

  #read(bytes: Buffer, start: number, end: number): void {
    this.#options.onBytes(end - start);
    try {
      this.#connection?.push(bytes, start, end);
    } catch (error) {
      this.#end(toStreamError(error));
      this.stream.close();
    }
  }

  #command({ name, transaction, values }: Command): void {
    if (name === 'onStatus') this.#status(values.find((value) => textOf(value, 'code') !== undefined));
    else if (name === 'close') this.#end(new StreamError('closed', 'the other side ended the connection'));
    else if (name === '_result' || name === '_error') this.#answer(name, transaction, values);
  }

  #answer(name: string, transaction: number, values: readonly AmfValue[]): void {
    this.isUnanswered = false;
    const call = this.#calls.get(transaction);
    this.#calls.delete(transaction);
    const info = values[1];
    const refused = name === '_error' || textOf(info, 'level') === 'error';
    if (refused) call?.reject(failureOf(textOf(info, 'code') ?? '', textOf(info, 'description')));
    else call?.resolve(values);
  }

  #status(info: AmfValue): void {
    const code = textOf(info, 'code') ?? '';
    if (textOf(info, 'level') === 'error' || FAILURE.test(code))
      this.#end(failureOf(code, textOf(info, 'description')));
    else if (START.test(code)) this.#begin();
    else if (END.test(code) && this.#hasBegun)
      this.#end(new StreamError('closed', `the stream ended: ${code}`));
  }

  #media(message: Message): void {
    if (this.#options.mode !== 'play') return;
    if (message.type !== MESSAGE_TYPE.script) this.#begin();
    this.#options.onMedia(message);
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#begun.resolve();
  }

  #end(reason: StreamError): void {
    if (this.#over) return;
    this.#over = true;
    for (const waiting of [this.#ready, this.#begun, ...this.#calls.values()]) waiting.reject(reason);
    if (this.#hasBegun) this.#options.onEnd(reason);
  }
}

/**
 * A TURN client (RFC 8656): an address on a relay in the internet, for a server that nobody can reach from outside.
 *
 *   Allocate ─▶ 401 realm, nonce ─▶ Allocate with credentials ─▶ relayed address      Refresh keeps it
 *   first datagram to a peer ─▶ ChannelBind ─▶ ChannelData │ channel 16 │ length 16 │ datagram │
 *
 * Channels alone are used, no Send indications: a channel is a permission too, and costs 4 bytes a datagram.
 */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { StreamError } from '../core/errors.ts';
import type { IceRelay } from './ice-agent.ts';
import type { Datagrams, IcePath } from './ice-path.ts';
import type { TurnServer } from './ice-servers.ts';
import {
  decodeXorAddress,
  type Endpoint,
  encodeStun,
  encodeXorAddress,
  hasIntegrity,
  isStun,
  parseStun,
  STUN_ATTRIBUTE,
  STUN_METHOD,
  type StunAttribute,
  type StunMessage,
  stunAttribute,
  stunError,
  stunTransactionId,
  uint32,
} from './stun.ts';
import { connectTurn, type TurnLink } from './turn-link.ts';

const UDP = 17;
const LIFETIME_SECONDS = 600;
const FIRST_CHANNEL = 0x4000;
const MAX_CHANNELS = 64;
const CHANNEL_HEADER_BYTES = 4;
/** Permissions last 5 minutes, channels 10. */
const CHANNEL_REFRESH_MS = 240_000;
const KEEP_UP_INTERVAL_MS = 20_000;
const FIRST_RETRY_MS = 300;
const ATTEMPTS = 5;
const UNAUTHORIZED = 401;
const STALE_NONCE = 438;

export class TurnAllocation implements IceRelay {
  readonly server: TurnServer;
  readonly #onDatagram: (bytes: Buffer, path: IcePath) => void;
  readonly #pending = new Map<string, (response: StunMessage) => void>();
  readonly #byRemote = new Map<string, TurnPath>();
  readonly #byChannel = new Map<number, TurnPath>();
  #link: TurnLink | undefined;
  #key: KeyObject | undefined;
  #realm = '';
  #nonce: Buffer = Buffer.alloc(0);
  #relayed: Endpoint = { address: '', port: 0 };
  #mapped: Endpoint = { address: '', port: 0 };
  #refreshDueMs = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(server: TurnServer, onDatagram: (bytes: Buffer, path: IcePath) => void) {
    this.server = server;
    this.#onDatagram = onDatagram;
  }

  /** Asks a server for an address. `onDatagram`: what peers send to it. Fails with StreamError. */
  static async open(
    server: TurnServer,
    onDatagram: (bytes: Buffer, path: IcePath) => void,
    signal: AbortSignal,
  ): Promise<TurnAllocation> {
    const allocation = new TurnAllocation(server, onDatagram);
    const link = await connectTurn(
      server,
      { onMessage: (bytes) => allocation.#onMessage(bytes), onClose: () => allocation.close() },
      signal,
    );
    allocation.#link = link;
    try {
      await allocation.#allocate();
      signal.throwIfAborted();
    } catch (error) {
      allocation.close();
      throw error;
    }
    allocation.#timer = setInterval(() => allocation.#keepUp(), KEEP_UP_INTERVAL_MS);
    return allocation;
  }

  /** The address on the relay. */
  get relayed(): Endpoint {
    return this.#relayed;
  }

  /** Our own address as the relay sees it. */
  get mapped(): Endpoint {
    return this.#mapped;
  }

  get queuedBytes(): number {
    return this.#link?.queuedBytes ?? 0;
  }

  pathTo(remote: Endpoint): IcePath | undefined {
    if (!this.#link || remote.address.includes(':')) return undefined;
    const key = `${remote.address} ${remote.port}`;
    const known = this.#byRemote.get(key);
    if (known || this.#byRemote.size >= MAX_CHANNELS) return known;
    const path = new TurnPath(this, remote, FIRST_CHANNEL + this.#byRemote.size);
    this.#byRemote.set(key, path);
    this.#byChannel.set(path.channel, path);
    return path;
  }

  /** Gives the address back. */
  close(): void {
    const link = this.#link;
    if (!link) return;
    this.#link = undefined;
    clearInterval(this.#timer);
    for (const path of this.#byRemote.values()) path.closed = true;
    this.#pending.clear();
    if (this.#key) link.send(this.#encode(STUN_METHOD.refresh, [[STUN_ATTRIBUTE.lifetime, uint32(0)]]).bytes);
    link.close();
  }

  /** Sends ChannelData, `datagram` behind its 4 bytes of header. For TurnPath. */
  sendChannelData(message: Buffer): void {
    this.#link?.send(message);
  }

  /** Makes the path's channel, or keeps it. Resolves whether the server agreed. For TurnPath. */
  async bindChannel({ channel, remote }: TurnPath): Promise<boolean> {
    const response = await this.#request(STUN_METHOD.channelBind, (transactionId) => [
      [STUN_ATTRIBUTE.channelNumber, Buffer.from([channel >> 8, channel & 0xff, 0, 0])],
      [STUN_ATTRIBUTE.xorPeerAddress, encodeXorAddress(remote, transactionId)],
    ]);
    return response?.class === 'success';
  }

  async #allocate(): Promise<void> {
    const { host } = this.server;
    const response = await this.#request(STUN_METHOD.allocate, () => [
      [STUN_ATTRIBUTE.requestedTransport, Buffer.from([UDP, 0, 0, 0])],
      [STUN_ATTRIBUTE.lifetime, uint32(LIFETIME_SECONDS)],
    ]);
    if (!response) throw new StreamError('timeout', `turn:${host}: no answer`);
    if (response.class === 'error') {
      const { code, reason } = stunError(response);
      throw new StreamError(
        code === UNAUTHORIZED ? 'unauthorized' : 'protocol',
        `turn:${host}: ${code} ${reason}`,
      );
    }
    const { transactionId } = response;
    const relayed = decodeXorAddress(
      stunAttribute(response, STUN_ATTRIBUTE.xorRelayedAddress),
      transactionId,
    );
    const mapped = decodeXorAddress(stunAttribute(response, STUN_ATTRIBUTE.xorMappedAddress), transactionId);
    if (!relayed) throw new StreamError('protocol', `turn:${host}: an answer without an address`);
    this.#relayed = relayed;
    this.#mapped = mapped ?? relayed;
    this.#noteLifetime(response);
  }

  #noteLifetime(response: StunMessage): void {
    const lifetime = stunAttribute(response, STUN_ATTRIBUTE.lifetime);
    const seconds = lifetime?.length === 4 ? lifetime.readUInt32BE() : LIFETIME_SECONDS;
    this.#refreshDueMs = performance.now() + (seconds * 1000) / 2;
  }

  async #keepUp(): Promise<void> {
    const now = performance.now();
    for (const path of this.#byRemote.values()) path.keepUp(now, CHANNEL_REFRESH_MS);
    if (now < this.#refreshDueMs) return;
    const response = await this.#request(STUN_METHOD.refresh, () => [
      [STUN_ATTRIBUTE.lifetime, uint32(LIFETIME_SECONDS)],
    ]);
    if (response?.class === 'success') this.#noteLifetime(response);
    else this.close();
  }

  /** Sends a request until it is answered; authenticates when asked to. Undefined: no answer, or closed. */
  async #request(
    method: number,
    attributes: (transactionId: string) => readonly StunAttribute[],
  ): Promise<StunMessage | undefined> {
    for (let challenge = 0; ; challenge++) {
      const transactionId = stunTransactionId();
      const { bytes } = this.#encode(method, attributes(transactionId), transactionId);
      const response = await this.#transact(transactionId, bytes);
      if (response?.class !== 'error' || challenge > 1) return response;
      const { code } = stunError(response);
      const mayRetry = code === STALE_NONCE || (code === UNAUTHORIZED && !this.#key);
      if (!mayRetry || !this.#takeChallenge(response)) return response;
    }
  }

  #takeChallenge(response: StunMessage): boolean {
    const realm = stunAttribute(response, STUN_ATTRIBUTE.realm)?.toString();
    const nonce = stunAttribute(response, STUN_ATTRIBUTE.nonce);
    if (!nonce || (realm === undefined && !this.#key)) return false;
    this.#nonce = Buffer.from(nonce);
    this.#realm = realm ?? this.#realm;
    const { username, credential } = this.server;
    const digest = createHash('md5').update(`${username}:${this.#realm}:${credential}`).digest();
    this.#key = createSecretKey(digest);
    return true;
  }

  #encode(
    method: number,
    attributes: readonly StunAttribute[],
    transactionId = stunTransactionId(),
  ): { readonly bytes: Buffer } {
    const credentials: readonly StunAttribute[] = this.#key
      ? [
          [STUN_ATTRIBUTE.username, Buffer.from(this.server.username)],
          [STUN_ATTRIBUTE.realm, Buffer.from(this.#realm)],
          [STUN_ATTRIBUTE.nonce, this.#nonce],
        ]
      : [];
    const all = [...attributes, ...credentials];
    return { bytes: encodeStun({ class: 'request', method, transactionId, attributes: all }, this.#key) };
  }

  #transact(transactionId: string, bytes: Buffer): Promise<StunMessage | undefined> {
    const { promise, resolve } = Promise.withResolvers<StunMessage | undefined>();
    let attempts = 0;
    let timer: NodeJS.Timeout;
    const attempt = (): void => {
      if (!this.#link || attempts >= ATTEMPTS) {
        resolve(undefined);
        return;
      }
      if (attempts === 0 || this.server.transport === 'udp') this.#link.send(bytes);
      timer = setTimeout(attempt, FIRST_RETRY_MS * 2 ** attempts++);
    };
    this.#pending.set(transactionId, resolve);
    attempt();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(transactionId);
    });
  }

  #onMessage(bytes: Buffer): void {
    if (isStun(bytes)) {
      const message = parseStun(bytes);
      if (message?.class !== 'success' && message?.class !== 'error') return;
      if (message.class === 'success' && this.#key && !hasIntegrity(message, this.#key)) return;
      this.#pending.get(message.transactionId)?.(message);
      return;
    }
    if (bytes.length < CHANNEL_HEADER_BYTES) return;
    const path = this.#byChannel.get(bytes.readUInt16BE());
    const end = CHANNEL_HEADER_BYTES + bytes.readUInt16BE(2);
    if (path && end <= bytes.length) this.#onDatagram(bytes.subarray(CHANNEL_HEADER_BYTES, end), path);
  }
}

/** The way to one peer by the relay. */
class TurnPath implements IcePath {
  readonly protocol = 'udp';
  readonly relayed = true;
  readonly remote: Endpoint;
  readonly channel: number;
  readonly #allocation: TurnAllocation;
  #state: 'idle' | 'binding' | 'bound' = 'idle';
  #boundMs = 0;
  /** The last datagram that came before the channel was there: a connectivity check. */
  #held: Buffer | undefined;
  closed = false;

  constructor(allocation: TurnAllocation, remote: Endpoint, channel: number) {
    this.#allocation = allocation;
    this.remote = remote;
    this.channel = channel;
  }

  get queuedBytes(): number {
    return this.#allocation.queuedBytes;
  }

  send(bytes: Buffer): void {
    this.#send(bytes, 0, bytes.length);
  }

  sendAll({ bytes, offsets, lengths, count }: Datagrams): void {
    for (let index = 0; index < count; index++) this.#send(bytes, offsets[index]!, lengths[index]!);
  }

  /** Binds the channel again when it is due. */
  keepUp(nowMs: number, everyMs: number): void {
    if (this.#state === 'bound' && nowMs - this.#boundMs > everyMs) void this.#bind();
  }

  #send(bytes: Buffer, offset: number, length: number): void {
    if (this.closed) return;
    const message = Buffer.allocUnsafe(CHANNEL_HEADER_BYTES + length);
    message.writeUInt16BE(this.channel);
    message.writeUInt16BE(length, 2);
    bytes.copy(message, CHANNEL_HEADER_BYTES, offset, offset + length);
    if (this.#state === 'bound') {
      this.#allocation.sendChannelData(message);
      return;
    }
    this.#held = message;
    if (this.#state === 'idle') {
      this.#state = 'binding';
      void this.#bind();
    }
  }

  async #bind(): Promise<void> {
    this.#boundMs = performance.now();
    const agreed = await this.#allocation.bindChannel(this);
    if (!agreed) {
      this.closed = true;
      return;
    }
    this.#state = 'bound';
    if (this.#held && !this.closed) this.#allocation.sendChannelData(this.#held);
    this.#held = undefined;
  }
}

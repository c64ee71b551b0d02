/**
 * ICE for one session (RFC 8445): finds a path to the peer, and watches that the peer still wants it (RFC 7675).
 *
 *   remote candidates ─┬▶ pairs ─ checks, one every 50 ms ─▶ valid ─ USE-CANDIDATE ─▶ selected ─▶ consent every 2.5 s
 *   requests heard    ─┘  (peer-reflexive: checked at once)
 *
 * A pair is a path: our sockets are bound to all addresses, so it is the remote address that matters. Who controls
 * nominates (ice-nomination.ts): we do when the offer was ours, or the peer is an ICE-lite one.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { StreamError } from '../core/errors.ts';
import { type Candidate, canCheck, canConnect, candidatePriority, pairPriority } from './ice-candidate.ts';
import type { IceMux } from './ice-mux.ts';
import { pairToNominate } from './ice-nomination.ts';
import type { IceEndpoint, IcePath } from './ice-path.ts';
import {
  type Endpoint,
  encodeStun,
  encodeStunError,
  encodeXorAddress,
  hasIntegrity,
  isStun,
  parseStun,
  STUN_ATTRIBUTE,
  STUN_METHOD,
  type StunMessage,
  stunAttribute,
  stunError,
  stunTransactionId,
  uint32,
} from './stun.ts';

export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

export interface IceAgentOptions {
  readonly mux: IceMux;
  /** Whether we nominate: when the offer was ours. */
  readonly controlling: boolean;
  /** Whether passive TCP candidates of the peer are connected to: not those of peers that nobody chose. */
  readonly connectsTcp?: boolean | undefined;
  /** The first path is there. */
  readonly onConnected: () => void;
  /** What is not STUN, from a path of this session. */
  readonly onData: (bytes: Buffer) => void;
  /** No path was found (`timeout`), or the peer is gone (`closed`). The agent is closed already. */
  readonly onFailed: (reason: StreamError) => void;
}

/** A way to send to any address from one local candidate: a TURN allocation. */
export interface IceRelay {
  pathTo(remote: Endpoint): IcePath | undefined;
}

interface Pair {
  readonly path: IcePath;
  remotePriority: number;
  state: 'waiting' | 'checking' | 'valid' | 'failed';
  nominated: boolean;
  /** Checks since the last answer. */
  attempts: number;
  dueMs: number;
  /** When the peer last answered a check, and when it last sent one. */
  answeredMs: number;
  heardMs: number;
}

interface Transaction {
  readonly pair: Pair;
  readonly sentMs: number;
  readonly nominates: boolean;
}

const CHECK_INTERVAL_MS = 50;
const CONSENT_INTERVAL_MS = 2500;
const CONSENT_TIMEOUT_MS = 12_000;
const CONNECT_TIMEOUT_MS = 20_000;
/** A pair that the peer has not used for so long is left when the peer nominates another, even one of lower priority. */
const STALE_MS = 8000;
const FIRST_RETRY_MS = 250;
const NOMINATION_RETRY_MS = 500;
const MAX_RETRY_MS = 2000;
const MAX_ATTEMPTS = 8;
const MAX_REMOTE_CANDIDATES = 40;
const MAX_PAIRS = 80;
const MAX_TRANSACTIONS = 200;
const ROLE_CONFLICT = 487;

export class IceAgent implements IceEndpoint {
  readonly ufrag = randomBytes(12).toString('base64url');
  readonly password = randomBytes(24).toString('base64url');
  readonly #key: KeyObject;
  readonly #options: IceAgentOptions;
  readonly #tieBreaker = randomBytes(8);
  readonly #pairs = new Map<IcePath, Pair>();
  readonly #transactions = new Map<string, Transaction>();
  readonly #candidates: Candidate[] = [];
  readonly #relays: IceRelay[] = [];
  readonly #unregister: () => void;
  #controlling: boolean;
  #remote: { readonly ufrag: string; readonly key: KeyObject } | undefined;
  #selected: Pair | undefined;
  /** Since when a pair is valid, and when the next nomination may be sent. */
  #validMs: number | undefined;
  #nominationDueMs = 0;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Fails with StreamError `limit`. */
  constructor(options: IceAgentOptions) {
    this.#options = options;
    this.#controlling = options.controlling;
    this.#key = createSecretKey(Buffer.from(this.password));
    this.#unregister = options.mux.register(this);
  }

  /** The peer's credentials are known: checks begin, and its requests are answered. An ICE-lite peer is controlled. */
  setRemote({ ufrag, password }: IceCredentials, iceLite = false): void {
    if (this.#closed) return;
    this.#remote = { ufrag, key: createSecretKey(Buffer.from(password)) };
    this.#startedMs = performance.now();
    if (iceLite) this.#controlling = true;
    this.#schedule(0);
  }

  /** Where media goes; undefined until connected. */
  get path(): IcePath | undefined {
    return this.#selected?.path;
  }

  /** Sends one datagram to the peer; nothing happens while not connected. */
  send(bytes: Buffer): void {
    this.#selected?.path.send(bytes);
  }

  addRemoteCandidate(candidate: Candidate): void {
    if (this.#closed || this.#candidates.length >= MAX_REMOTE_CANDIDATES) return;
    if (this.#options.connectsTcp && canConnect(candidate)) {
      this.#pair(this.#options.mux.connectTcp(this, candidate), candidate.priority);
      return;
    }
    if (!canCheck(candidate)) return;
    this.#candidates.push(candidate);
    this.#pair(this.#options.mux.pathTo(this, candidate), candidate.priority);
    for (const relay of this.#relays) this.#pair(relay.pathTo(candidate), candidate.priority);
  }

  /** Adds a TURN allocation; its datagrams are to be given to `onDatagram`. */
  addRelay(relay: IceRelay): void {
    if (this.#closed) return;
    this.#relays.push(relay);
    for (const candidate of this.#candidates) this.#pair(relay.pathTo(candidate), candidate.priority);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unregister();
    this.#pairs.clear();
    this.#transactions.clear();
  }

  onRequest(request: StunMessage, path: IcePath): boolean {
    if (this.#closed || !this.#remote) return false;
    if (request.method !== STUN_METHOD.binding || request.class !== 'request') return false;
    const username = stunAttribute(request, STUN_ATTRIBUTE.username)?.toString('latin1');
    if (username !== `${this.ufrag}:${this.#remote.ufrag}` || !hasIntegrity(request, this.#key)) return false;
    if (!this.#settleRoles(request, path)) return true;
    const mapped = encodeXorAddress(path.remote, request.transactionId);
    this.#respond(request, path, 'success', [STUN_ATTRIBUTE.xorMappedAddress, mapped]);

    const priority = stunAttribute(request, STUN_ATTRIBUTE.priority);
    const pair = this.#pair(path, priority?.length === 4 ? priority.readUInt32BE() : 0);
    if (!pair) return true;
    pair.heardMs = performance.now();
    if (stunAttribute(request, STUN_ATTRIBUTE.useCandidate) && !this.#controlling) pair.nominated = true;
    if (pair.state === 'valid') this.#select(pair);
    else if (pair.state !== 'checking' || pair.attempts > 1) this.#check(pair);
    return true;
  }

  onDatagram(bytes: Buffer, path: IcePath): void {
    if (this.#closed) return;
    if (!isStun(bytes)) {
      if (this.#pairs.get(path)?.state === 'valid') this.#options.onData(bytes);
      return;
    }
    const message = parseStun(bytes);
    if (message?.class === 'request') this.onRequest(message, path);
    else if (message) this.#onResponse(message, path);
  }

  onPathClosed(path: IcePath): void {
    const pair = this.#pairs.get(path);
    if (!pair) return;
    this.#pairs.delete(path);
    if (pair === this.#selected) this.#reselect();
  }

  #pair(path: IcePath | undefined, remotePriority: number): Pair | undefined {
    if (!path) return undefined;
    const known = this.#pairs.get(path);
    if (known) return known;
    if (this.#pairs.size >= MAX_PAIRS) return undefined;
    const pair: Pair = {
      path,
      remotePriority,
      state: 'waiting',
      nominated: false,
      attempts: 0,
      dueMs: 0,
      answeredMs: 0,
      heardMs: 0,
    };
    this.#pairs.set(path, pair);
    return pair;
  }

  /** Both sides in one role: the larger tie-breaker controls (RFC 8445 §7.3.1.1). False: the peer was told to change. */
  #settleRoles(request: StunMessage, path: IcePath): boolean {
    const conflicting = this.#controlling ? STUN_ATTRIBUTE.iceControlling : STUN_ATTRIBUTE.iceControlled;
    const theirs = stunAttribute(request, conflicting);
    if (theirs?.length !== 8) return true;
    const larger = this.#tieBreaker.compare(theirs) >= 0;
    if (larger === this.#controlling) {
      const error = encodeStunError(ROLE_CONFLICT, 'Role Conflict');
      this.#respond(request, path, 'error', [STUN_ATTRIBUTE.errorCode, error]);
      return false;
    }
    this.#controlling = larger;
    return true;
  }

  #respond(
    { method, transactionId }: StunMessage,
    path: IcePath,
    className: 'success' | 'error',
    attribute: readonly [number, Buffer],
  ): void {
    path.send(encodeStun({ class: className, method, transactionId, attributes: [attribute] }, this.#key));
  }

  #check(pair: Pair, nominates = false): void {
    const remote = this.#remote;
    if (!remote) return;
    const { path } = pair;
    const transactionId = stunTransactionId();
    const now = performance.now();
    if (this.#transactions.size >= MAX_TRANSACTIONS) this.#forgetOldest();
    this.#transactions.set(transactionId, { pair, sentMs: now, nominates });
    if (pair.state === 'waiting') pair.state = 'checking';
    pair.attempts++;
    pair.dueMs = now + Math.min(FIRST_RETRY_MS * 2 ** (pair.attempts - 1), MAX_RETRY_MS);
    const role = this.#controlling ? STUN_ATTRIBUTE.iceControlling : STUN_ATTRIBUTE.iceControlled;
    path.send(
      encodeStun(
        {
          class: 'request',
          method: STUN_METHOD.binding,
          transactionId,
          attributes: [
            [STUN_ATTRIBUTE.username, Buffer.from(`${remote.ufrag}:${this.ufrag}`)],
            [STUN_ATTRIBUTE.priority, uint32(candidatePriority(path.protocol, 'prflx', 0))],
            [role, this.#tieBreaker],
            ...(nominates ? [[STUN_ATTRIBUTE.useCandidate, Buffer.alloc(0)] as const] : []),
          ],
        },
        remote.key,
      ),
    );
  }

  #forgetOldest(): void {
    const oldest = this.#transactions.keys().next();
    if (!oldest.done) this.#transactions.delete(oldest.value);
  }

  #onResponse(response: StunMessage, path: IcePath): void {
    const transaction = this.#transactions.get(response.transactionId);
    if (!transaction || transaction.pair.path !== path) return;
    if (!this.#remote || !hasIntegrity(response, this.#remote.key)) return;
    this.#transactions.delete(response.transactionId);
    const { pair } = transaction;
    if (response.class === 'error') {
      if (stunError(response).code !== ROLE_CONFLICT) pair.state = 'failed';
      else {
        this.#controlling = !this.#controlling;
        this.#check(pair);
      }
      return;
    }
    if (response.class !== 'success') return;
    const isNews = pair.state !== 'valid';
    pair.state = 'valid';
    pair.attempts = 0;
    pair.answeredMs = performance.now();
    this.#validMs ??= pair.answeredMs;
    if (transaction.nominates) pair.nominated = true;
    this.#select(pair);
    if (this.#selected) return;
    if (this.#controlling) this.#nominate(pair.answeredMs);
    // Some peers (pion) nominate a valid pair when they hear a check on it, else at the next turn of a slow clock.
    else if (isNews) this.#check(pair);
  }

  /** Tells the peer which pair to use, when it is time. */
  #nominate(now: number): void {
    if (!this.#controlling || this.#validMs === undefined || now < this.#nominationDueMs) return;
    const pairs = [...this.#pairs.values()].map((pair) => ({
      pair,
      priority: this.#priority(pair),
      state: pair.state,
      relayed: pair.path.relayed,
    }));
    const best = pairToNominate(pairs, now - this.#validMs);
    if (!best) return;
    this.#nominationDueMs = now + NOMINATION_RETRY_MS;
    this.#check(best.pair, true);
  }

  /** A valid pair becomes the selected one, if it was nominated and is the better one, or the selected one is stale. */
  #select(pair: Pair): void {
    const current = this.#selected;
    if (pair === current || !pair.nominated) return;
    if (
      current &&
      performance.now() - current.heardMs < STALE_MS &&
      this.#priority(current) > this.#priority(pair)
    )
      return;
    this.#selected = pair;
    if (current) return;
    this.#schedule(CONSENT_INTERVAL_MS);
    this.#options.onConnected();
  }

  #priority({ path, remotePriority }: Pair): number {
    const local = candidatePriority(path.protocol, path.relayed ? 'relay' : 'host', 0);
    return this.#controlling ? pairPriority(local, remotePriority) : pairPriority(remotePriority, local);
  }

  /** The selected pair is lost: the best of the other valid ones takes its place. */
  #reselect(): void {
    const now = performance.now();
    const alive = [...this.#pairs.values()].filter(
      (pair) => pair.state === 'valid' && !pair.path.closed && now - pair.answeredMs < CONSENT_TIMEOUT_MS,
    );
    alive.sort((a, b) => Number(b.nominated) - Number(a.nominated) || this.#priority(b) - this.#priority(a));
    this.#selected = alive[0];
    if (alive[0] && this.#controlling) this.#check(alive[0], true);
    if (!alive[0]) this.#fail(new StreamError('closed', 'webrtc: the peer is gone'));
  }

  #fail(reason: StreamError): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailed(reason);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tick, delayMs);
  }

  readonly #tick = (): void => {
    const now = performance.now();
    if (this.#selected) this.#keepConsent(this.#selected, now);
    else this.#checkNext(now);
    if (!this.#closed) this.#schedule(this.#selected ? CONSENT_INTERVAL_MS : CHECK_INTERVAL_MS);
  };

  #checkNext(now: number): void {
    if (now - this.#startedMs > CONNECT_TIMEOUT_MS) {
      this.#fail(new StreamError('timeout', 'webrtc: no path to the peer was found'));
      return;
    }
    let next: Pair | undefined;
    for (const pair of this.#pairs.values()) {
      if ((pair.state !== 'waiting' && pair.state !== 'checking') || pair.dueMs > now) continue;
      if (pair.attempts >= MAX_ATTEMPTS) pair.state = 'failed';
      else if (!next || this.#priority(pair) > this.#priority(next)) next = pair;
    }
    if (next) this.#check(next);
    this.#nominate(now);
  }

  #keepConsent(selected: Pair, now: number): void {
    for (const [id, { sentMs }] of this.#transactions)
      if (now - sentMs > CONSENT_TIMEOUT_MS) this.#transactions.delete(id);
    if (now - selected.answeredMs > CONSENT_TIMEOUT_MS) {
      selected.state = 'failed';
      this.#reselect();
    }
    if (this.#selected) this.#check(this.#selected);
  }
}

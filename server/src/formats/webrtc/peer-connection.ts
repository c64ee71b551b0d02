/**
 * One connection to a peer, whoever offers: its transport, the candidates that are found for it, and what the API shows.
 */
import type { Peer } from '../../core/model.ts';
import type { DtlsCertificate } from '../../net/dtls/certificate.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import type { CandidateGatherer } from '../../net/ice-gather.ts';
import type { IceMux } from '../../net/ice-mux.ts';
import { type IceServer, parseIceServers } from '../../net/ice-servers.ts';
import { Gathering, within } from './gathering.ts';
import { MediaTransport, type TransportOptions } from './transport.ts';

/** What all connections of a server share. */
export interface ConnectionHost {
  readonly mux: IceMux;
  readonly certificate: DtlsCertificate;
  readonly gatherer: CandidateGatherer;
}

export interface PeerConnectionOptions
  extends Pick<TransportOptions, 'offers' | 'begins' | 'onConnected' | 'onRtp' | 'onRtcp' | 'onClosed'> {
  readonly host: ConnectionHost;
  /** Its protocol and address are those of the path, once there is one. */
  readonly peer: Peer;
  /** How descriptions are exchanged: `http`, `ws`. */
  readonly protocol: string;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** How long a description waits for the public address and relays. */
const GATHER_TIMEOUT_MS = 600;
/** A relay that was not needed is given back this long after the connection was made. */
const UNUSED_RELAY_MS = 10_000;

export class PeerConnection {
  readonly transport: MediaTransport;
  /** Whether media has begun to flow; stays true. */
  connected = false;
  readonly #options: PeerConnectionOptions;
  #gatherings: Gathering[] = [];
  #relayTimer: NodeJS.Timeout | undefined;

  /** Fails with StreamError `limit`. */
  constructor(options: PeerConnectionOptions) {
    const { host, offers, begins, onRtp, onRtcp, onClosed } = options;
    const { mux, certificate } = host;
    this.#options = options;
    this.transport = new MediaTransport({
      mux,
      certificate,
      offers,
      begins,
      onConnected: () => {
        this.#named();
        options.onConnected();
      },
      onRtp,
      onRtcp,
      onClosed,
    });
  }

  /**
   * Our candidates. With `trickle` those that are there at once, and the others by its call; else those that are found
   * within a moment, and later ones by `onLate`.
   */
  async gather(
    servers: readonly IceServer[],
    trickle?: (candidate: Candidate) => void,
    onLate?: (candidate: Candidate) => void,
  ): Promise<readonly Candidate[]> {
    const { gatherer } = this.#options.host;
    const candidates = gatherer.host(this.transport.agent.ufrag);
    let late = trickle;
    const gathering = this.#gather(servers, (candidate) => {
      if (late) late(candidate);
      else candidates.push(candidate);
    });
    if (!trickle) await within(gathering.done, GATHER_TIMEOUT_MS);
    late ??= onLate;
    return [...candidates];
  }

  /** Relays of servers that were named late, for us alone: the peer learns of them by our checks. */
  addServers(servers: readonly IceServer[]): void {
    this.#gather(servers, () => {});
  }

  /** Says good-bye and ends; `onClosed` is not called. */
  close(): void {
    clearTimeout(this.#relayTimer);
    this.#releaseRelays();
    this.transport.close();
  }

  #gather(servers: readonly IceServer[], onCandidate: (candidate: Candidate) => void): Gathering {
    const { host, log } = this.#options;
    const gathering = new Gathering({
      agent: this.transport.agent,
      gatherer: host.gatherer,
      servers: parseIceServers(servers),
      onCandidate,
      onFailed: (error) => log('no relay', { error }),
    });
    this.#gatherings.push(gathering);
    return gathering;
  }

  #named(): void {
    const { path } = this.transport;
    const { peer, protocol, log } = this.#options;
    if (!path) return;
    this.connected = true;
    const remoteAddress = `${path.remote.address}:${path.remote.port}`;
    Object.assign(peer, { protocol: `${protocol}+${path.protocol}`, remoteAddress });
    log('connected', { path: remoteAddress, protocol: path.protocol, relayed: path.relayed });
    this.#relayTimer = setTimeout(() => {
      if (!this.transport.path?.relayed) this.#releaseRelays();
    }, UNUSED_RELAY_MS);
  }

  #releaseRelays(): void {
    for (const gathering of this.#gatherings.splice(0)) gathering.close();
  }
}

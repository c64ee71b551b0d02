/**
 * The WebRTC server: one port, one certificate, and the sessions of all peers. Signalling (HTTP, WebSocket) calls it.
 */
import { randomBytes } from 'node:crypto';
import { parseListen } from '../../config/listen.ts';
import { StreamError } from '../../core/errors.ts';
import { createPeer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { createCertificate } from '../../net/dtls/certificate.ts';
import { type AddressFilters, parseAnnounced } from '../../net/ice-addresses.ts';
import type { Candidate } from '../../net/ice-candidate.ts';
import { localCandidate } from '../../net/ice-candidate.ts';
import { CandidateGatherer } from '../../net/ice-gather.ts';
import { ICE_NETWORKS, IceMux, type IceNetwork } from '../../net/ice-mux.ts';
import { type IceServer, parseIceServers } from '../../net/ice-servers.ts';
import { TurnAllocation } from '../../net/turn.ts';
import type { Logger } from '../../util/log.ts';
import { formatAnswer } from './answer.ts';
import { type Offer, parseOffer } from './offer.ts';
import { openPublisher } from './publisher.ts';
import type { SessionContext, SessionSide, WebrtcSession } from './session.ts';
import { MediaTransport } from './transport.ts';
import { openViewer } from './viewer.ts';

/** The `webrtc` section of the config. */
export interface WebrtcSettings {
  /** `:8555`, `:8555/tcp`, `127.0.0.1:8555/udp`; '' for any port. */
  readonly listen: string;
  readonly candidates?: readonly string[] | undefined;
  /** Undefined: public STUN servers. */
  readonly iceServers?: readonly IceServer[] | undefined;
  readonly filters?:
    | (AddressFilters & {
        readonly networks?: readonly IceNetwork[] | undefined;
        /** First and last port when `listen` is empty. */
        readonly udp_ports?: readonly number[] | undefined;
      })
    | undefined;
  readonly log: Logger;
}

export interface SessionOptions {
  /** As the API shows it: `webrtc/whep`, `webrtc/json` … */
  readonly format: string;
  /** How the offer came: `http`, `ws`. */
  readonly protocol: string;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Of the peer, besides our own: that is how a TURN server is named that both can use. */
  readonly iceServers?: readonly IceServer[] | undefined;
  /** Takes our candidates one by one, after the answer; without it the answer waits a moment for them and has them all. */
  readonly onCandidate?: ((candidate: Candidate) => void) | undefined;
  /** Gives up before the answer. */
  readonly signal?: AbortSignal | undefined;
}

/** What a peer is to a stream. `auto`: it publishes if its offer sends video and receives none. */
export type Role = 'view' | 'publish' | 'auto';

const DEFAULT_ICE_SERVERS: readonly IceServer[] = [
  { urls: ['stun:stun.cloudflare.com:3478', 'stun:stun.l.google.com:19302'] },
];
/** How long an answer waits for the public address and relays. */
const GATHER_TIMEOUT_MS = 600;
const MAX_RELAYS = 3;
/** A relay that was not needed is given back this long after the session connected. */
const UNUSED_RELAY_MS = 10_000;
const RELAY_ORDER = 0;

export interface WebrtcServer {
  readonly port: number;
  /** Sessions that are not over. */
  readonly sessions: ReadonlyMap<string, WebrtcSession>;
  /** Answers an offer. Rejects with StreamError: `invalid` for a bad SDP, `no_match`, what opening the camera fails with. */
  answer(stream: Stream, offer: string, role: Role, options: SessionOptions): Promise<WebrtcSession>;
  close(): void;
}

/** Binds the port. Rejects with StreamError. */
export async function createWebrtc(settings: WebrtcSettings): Promise<WebrtcServer> {
  const { filters = {}, log } = settings;
  const mux = await bind(settings);
  const certificate = createCertificate('porthole');
  const announced = (settings.candidates ?? []).flatMap((text) => {
    const parsed = parseAnnounced(text);
    if (!parsed) log.warn('not a candidate', { candidate: text });
    return parsed ?? [];
  });
  const gatherer = new CandidateGatherer({ mux, filters, announced });
  const ownServers = settings.iceServers ?? DEFAULT_ICE_SERVERS;
  const sessions = new Map<string, WebrtcSession>();

  async function answer(
    stream: Stream,
    text: string,
    role: Role,
    options: SessionOptions,
  ): Promise<WebrtcSession> {
    const offer = parseOffer(text);
    const { format, protocol, remoteAddress, userAgent, signal, onCandidate } = options;
    const id = randomBytes(16).toString('base64url');
    const peer = createPeer({ format, protocol, remoteAddress, userAgent, sdp: text });
    const ended = Promise.withResolvers<void>();
    const gone = new AbortController();
    const relays: TurnAllocation[] = [];
    let transport: MediaTransport | undefined;
    let side: SessionSide | undefined;

    const context: SessionContext = {
      stream,
      offer,
      peer,
      log: (message, fields) => log.debug(message, { stream: stream.name, id: peer.id, ...fields }),
      connect(handlers) {
        transport = new MediaTransport({
          mux,
          certificate,
          offer,
          ...handlers,
          onConnected() {
            const path = transport?.path;
            Object.assign(peer, {
              protocol: `${protocol}+${path?.protocol}`,
              remoteAddress: path && `${path.remote.address}:${path.remote.port}`,
            });
            context.log('connected', { path: peer.remoteAddress, relayed: path?.relayed });
            setTimeout(() => {
              if (!transport?.path?.relayed) for (const relay of relays.splice(0)) relay.close();
            }, UNUSED_RELAY_MS).unref();
            handlers.onConnected();
          },
          onClosed: (reason) => side?.close(reason),
        });
        return transport;
      },
      end(reason) {
        context.log('ended', { reason });
        gone.abort();
        transport?.close();
        for (const relay of relays) relay.close();
        sessions.delete(id);
        ended.resolve();
      },
    };

    const publishes = role === 'publish' || (role === 'auto' && isPublisher(offer));
    side = publishes ? openPublisher(context) : await openViewer(context);
    if (signal?.aborted) {
      side.close();
      throw new StreamError('aborted', 'the client left');
    }
    const { agent } = side.transport;
    const all = parseIceServers([...ownServers, ...(options.iceServers ?? [])]);
    const host = gatherer.host(agent.ufrag);
    const relayed = all.turn.slice(0, MAX_RELAYS).map(async (server) => {
      const relay = await TurnAllocation.open(
        server,
        (bytes, path) => agent.onDatagram(bytes, path),
        gone.signal,
      );
      relays.push(relay);
      agent.addRelay(relay);
      return [
        localCandidate({
          protocol: 'udp',
          type: 'relay',
          ...relay.relayed,
          order: RELAY_ORDER,
          ufrag: agent.ufrag,
          base: relay.mapped,
        }),
      ];
    });
    const later: Candidate[] = [];
    const gathering = [gatherer.others(all.stun, agent.ufrag), ...relayed].map(async (found) => {
      try {
        for (const candidate of await found) {
          later.push(candidate);
          if (!gone.signal.aborted) onCandidate?.(candidate);
        }
      } catch (error) {
        context.log('no relay', { error });
      }
    });
    if (!onCandidate) await settledWithin(gathering, GATHER_TIMEOUT_MS);
    const sdp = formatAnswer({
      offer,
      medias: side.medias,
      ice: agent,
      fingerprint: certificate.fingerprint,
      candidates: onCandidate ? [] : [...host, ...later],
      complete: !onCandidate,
    });
    const session: WebrtcSession = {
      id,
      peer,
      sdp,
      ended: ended.promise,
      addCandidate: (candidate) => agent.addRemoteCandidate(candidate),
      close: () => side?.close(),
    };
    if (!gone.signal.aborted) sessions.set(id, session);
    if (onCandidate) queueMicrotask(() => host.forEach(onCandidate));
    return session;
  }

  return {
    port: mux.port,
    sessions,
    answer,
    close() {
      for (const session of [...sessions.values()]) session.close();
      mux.close();
    },
  };
}

async function bind({ listen, filters = {} }: WebrtcSettings): Promise<IceMux> {
  const address = parseListen(listen);
  const [first = 0, last = first] = filters.udp_ports ?? [];
  const networks = (filters.networks ?? ICE_NETWORKS).filter(
    (network) => address?.transport === undefined || network.startsWith(address.transport),
  );
  const ports = address ? ([address.port, address.port] as const) : ([first, last] as const);
  return await IceMux.listen({ host: address?.host, ports, networks });
}

/** It receives video: a viewer. It only sends video: a publisher. Else whether it receives anything. */
function isPublisher({ medias }: Offer): boolean {
  const video = medias.filter(({ kind, rejected }) => kind === 'video' && !rejected);
  if (video.some(({ receives }) => receives)) return false;
  return video.some(({ sends }) => sends);
}

async function settledWithin(promises: readonly Promise<void>[], timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all(promises), timeout]);
  clearTimeout(timer);
}

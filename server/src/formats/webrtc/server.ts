/**
 * The WebRTC server: one port, one certificate, and the sessions of all peers. Signalling (HTTP, WebSocket) calls it;
 * sources and publications that are WebRTC peers begin sessions of their own on the same port.
 */
import { parseListen } from '../../config/listen.ts';
import type { Stream } from '../../core/stream.ts';
import { createCertificate } from '../../net/dtls/certificate.ts';
import { type AddressFilters, parseAnnounced } from '../../net/ice-addresses.ts';
import { CandidateGatherer } from '../../net/ice-gather.ts';
import { ICE_NETWORKS, IceMux, type IceNetwork } from '../../net/ice-mux.ts';
import type { IceServer } from '../../net/ice-servers.ts';
import type { Logger } from '../../util/log.ts';
import { type ClientOptions, WebrtcClient } from './client.ts';
import { HostedSession, type Role, type SessionHost, type SessionOptions } from './hosted-session.ts';
import { Reachability } from './reachability.ts';
import type { WebrtcSession } from './session.ts';

export type { Role, SessionOptions };

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

export interface WebrtcServer {
  readonly port: number;
  /** Whether peers find a way to it; undefined while nothing is known. */
  readonly reachable?: boolean | undefined;
  /** Sessions that are not over, by id. */
  readonly sessions: ReadonlyMap<string, WebrtcSession>;
  /** Answers an offer. Rejects with StreamError: `invalid` for a bad SDP, `no_match`, what opening the camera fails with. */
  answer(stream: Stream, offer: string, role: Role, options: SessionOptions): Promise<WebrtcSession>;
  /** Begins a session of ours. `offers`: the offer is ours, so that we control ICE. Throws StreamError `limit`. */
  createClient(options: ClientOptions, offers: boolean): WebrtcClient;
  close(): void;
}

const DEFAULT_ICE_SERVERS: readonly IceServer[] = [
  { urls: ['stun:stun.cloudflare.com:3478', 'stun:stun.l.google.com:19302'] },
];

/** Binds the port. Rejects with StreamError. */
export async function createWebrtc(settings: WebrtcSettings): Promise<WebrtcServer> {
  const { filters = {}, log } = settings;
  const mux = await bind(settings);
  const announced = (settings.candidates ?? []).flatMap((text) => {
    const parsed = parseAnnounced(text);
    if (!parsed) log.warn('not a candidate', { candidate: text });
    return parsed ?? [];
  });
  const sessions = new Map<string, WebrtcSession>();
  const host: SessionHost = {
    mux,
    sessions,
    reachability: new Reachability(),
    certificate: createCertificate('porthole'),
    gatherer: new CandidateGatherer({ mux, filters, announced }),
    iceServers: settings.iceServers ?? DEFAULT_ICE_SERVERS,
    log,
  };
  return {
    port: mux.port,
    get reachable() {
      return host.reachability.reachable;
    },
    sessions,
    answer: (stream, offer, role, options) => HostedSession.open(host, stream, offer, role, options),
    createClient: (options, offers) => new WebrtcClient(host, options, offers),
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

/**
 * The one transport of a session: ICE finds the path, DTLS makes the keys, SRTP carries the media (RFC 8834 §3).
 *
 *   path ─▶ datagram ─┬─ 20–63   DTLS
 *                     └─ 128–191 RTP or RTCP, by payload type ─▶ opened ─▶ onRtp, onRtcp        (RFC 7983, RFC 5761)
 *
 * We are the DTLS server wherever the peer lets us: then the SRTP profile is our choice, and Chromium is connected
 * about 45 ms sooner than with us as the client.
 */
import { StreamError } from '../../core/errors.ts';
import type { DtlsCertificate } from '../../net/dtls/certificate.ts';
import { DtlsConnection } from '../../net/dtls/connection.ts';
import { isDtls } from '../../net/dtls/record.ts';
import { IceAgent } from '../../net/ice-agent.ts';
import type { IceMux } from '../../net/ice-mux.ts';
import type { IcePath } from '../../net/ice-path.ts';
import { isRtcp, isRtp } from '../../rtp/packet.ts';
import { SrtcpReceiver, SrtcpSender } from '../../rtp/srtcp.ts';
import { createSrtpSender, SrtpReceiver } from '../../rtp/srtp.ts';
import { SRTP_PROFILES, type SrtpMaster, type SrtpProfile } from '../../rtp/srtp-keys.ts';
import type { SrtpSender } from '../../rtp/srtp-sender.ts';
import type { Description } from './description.ts';

export interface TransportOptions {
  readonly mux: IceMux;
  readonly certificate: DtlsCertificate;
  /** Whether the offer is ours: then we control ICE. */
  readonly offers: boolean;
  /** Whether the session is ours: then we connect to TCP candidates, which nobody who merely asks can make us do. */
  readonly begins: boolean;
  /** Media can flow. */
  readonly onConnected: () => void;
  /** A plain packet of the peer; it may be kept. */
  readonly onRtp: (packet: Buffer) => void;
  readonly onRtcp: (packet: Buffer) => void;
  /** Once, not after `close`: without a reason the peer said good-bye. */
  readonly onClosed: (reason?: StreamError) => void;
}

/** AES-CM costs us a fifth of GCM, and every WebRTC peer has it (RFC 8827 §6.5). */
const PROFILES: readonly SrtpProfile[] = ['SRTP_AES128_CM_HMAC_SHA1_80', 'SRTP_AEAD_AES_128_GCM'];
const EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';

interface Keys {
  readonly local: SrtpMaster;
  readonly rtcpSender: SrtcpSender;
  readonly rtpReceiver: SrtpReceiver;
  readonly rtcpReceiver: SrtcpReceiver;
}

export class MediaTransport {
  readonly agent: IceAgent;
  readonly #options: TransportOptions;
  #dtls: DtlsConnection | undefined;
  #isClient = false;
  #keys: Keys | undefined;
  #closed = false;
  bytesReceived = 0;

  /** Fails with StreamError `limit`. */
  constructor(options: TransportOptions) {
    const { mux, offers, begins } = options;
    this.#options = options;
    this.agent = new IceAgent({
      mux,
      controlling: offers,
      connectsTcp: begins,
      onConnected: () => this.#dtls?.start(),
      onData: (bytes) => this.#receive(bytes),
      onFailed: (reason) => this.#end(reason),
    });
  }

  /** The peer's description is known: connecting begins. Once. */
  connect({ ice, iceLite, dtlsServer, fingerprints, candidates }: Description): void {
    if (this.#closed || this.#dtls) return;
    this.#isClient = dtlsServer;
    this.#dtls = new DtlsConnection({
      role: dtlsServer ? 'client' : 'server',
      certificate: this.#options.certificate,
      fingerprints,
      srtpProfiles: PROFILES.map((profile) => SRTP_PROFILES[profile].id),
      send: (datagram) => this.agent.send(datagram),
      onConnected: (dtls) => this.#secured(dtls),
      onClosed: (reason) => this.#end(reason),
    });
    this.agent.setRemote(ice, iceLite);
    for (const candidate of candidates) this.agent.addRemoteCandidate(candidate);
  }

  /** Where media goes; undefined until connected. */
  get path(): IcePath | undefined {
    return this.agent.path;
  }

  /** Makes what protects the packets of one SSRC. To be called when connected. */
  createSender(ssrc: number, payloadType: number): SrtpSender {
    if (!this.#keys) throw new StreamError('internal', 'webrtc: not connected');
    return createSrtpSender(this.#keys.local, { ssrc, payloadType });
  }

  sendRtcp(packet: Buffer): void {
    if (this.#keys) this.agent.send(this.#keys.rtcpSender.protect(packet));
  }

  /** Says good-bye and ends; `onClosed` is not called. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dtls?.close();
    this.agent.close();
  }

  #secured(dtls: DtlsConnection): void {
    const profile = PROFILES.find((name) => SRTP_PROFILES[name].id === dtls.srtpProfile)!;
    const [client, server] = splitKeys(dtls, profile);
    const [local, remote] = this.#isClient ? [client, server] : [server, client];
    this.#keys = {
      local,
      rtcpSender: new SrtcpSender(local),
      rtpReceiver: new SrtpReceiver(remote),
      rtcpReceiver: new SrtcpReceiver(remote),
    };
    this.#options.onConnected();
  }

  #receive(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    if (isDtls(bytes)) this.#dtls?.receive(bytes);
    else if (this.#keys && isRtcp(bytes, 0, bytes.length)) {
      const packet = this.#keys.rtcpReceiver.unprotect(bytes);
      if (packet) this.#options.onRtcp(packet);
    } else if (this.#keys && isRtp(bytes, 0, bytes.length)) {
      const packet = this.#keys.rtpReceiver.unprotect(bytes);
      if (packet) this.#options.onRtp(packet);
    }
  }

  #end(reason?: StreamError): void {
    if (this.#closed) return;
    this.close();
    this.#options.onClosed(reason);
  }
}

/** Master keys and salts of client and server, in the order of RFC 5764 §4.2. */
function splitKeys(dtls: DtlsConnection, profile: SrtpProfile): [client: SrtpMaster, server: SrtpMaster] {
  const { keyBytes, saltBytes } = SRTP_PROFILES[profile];
  const material = dtls.exportKeys(EXPORTER_LABEL, 2 * (keyBytes + saltBytes));
  const side = (index: number): SrtpMaster => ({
    profile,
    key: material.subarray(index * keyBytes, (index + 1) * keyBytes),
    salt: material.subarray(2 * keyBytes + index * saltBytes, 2 * keyBytes + (index + 1) * saltBytes),
  });
  return [side(0), side(1)];
}

/** A WebRTC peer for tests, made of our own parts the other way round: it does what a test tells it, packet by packet. */
import { randomBytes } from 'node:crypto';
import { createCertificate } from '../../net/dtls/certificate.ts';
import { DtlsConnection } from '../../net/dtls/connection.ts';
import { isDtls } from '../../net/dtls/record.ts';
import { IceAgent } from '../../net/ice-agent.ts';
import { localCandidate } from '../../net/ice-candidate.ts';
import { IceMux } from '../../net/ice-mux.ts';
import { type RtpBlock, RtpBlockWriter } from '../../rtp/block.ts';
import { isRtcp } from '../../rtp/packet.ts';
import { SrtcpReceiver, SrtcpSender } from '../../rtp/srtcp.ts';
import { createSrtpSender, SrtpReceiver } from '../../rtp/srtp.ts';
import { SRTP_PROFILES, type SrtpMaster, type SrtpProfile } from '../../rtp/srtp-keys.ts';
import type { SrtpSender } from '../../rtp/srtp-sender.ts';
import { parseDescription } from './description.ts';

export interface PeerMedia {
  readonly kind: 'video' | 'audio';
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly';
  /** Payload type and what stands behind it: `102 H264/90000`; then lines of attributes. */
  readonly formats: readonly {
    readonly type: number;
    readonly map: string;
    readonly lines?: readonly string[];
  }[];
}

const H264_FMTP = 'packetization-mode=1;profile-level-id=42e01f';

/** Video as browsers offer it. */
export const H264_MEDIA: PeerMedia = {
  kind: 'video',
  direction: 'recvonly',
  formats: [
    {
      type: 102,
      map: 'H264/90000',
      lines: [`fmtp:102 ${H264_FMTP}`, 'rtcp-fb:102 nack', 'rtcp-fb:102 nack pli', 'rtcp-fb:102 ccm fir'],
    },
    { type: 103, map: 'rtx/90000', lines: ['fmtp:103 apt=102'] },
  ],
};

/** Audio as browsers offer it, without what we can't use. */
export const AUDIO_MEDIA: PeerMedia = {
  kind: 'audio',
  direction: 'recvonly',
  formats: [
    { type: 111, map: 'opus/48000/2' },
    { type: 0, map: 'PCMU/8000' },
    { type: 8, map: 'PCMA/8000' },
  ],
};

export interface PeerOptions {
  readonly profiles?: readonly SrtpProfile[];
  /** Of DTLS in the offer. */
  readonly setup?: 'actpass' | 'active' | 'passive';
}

export class FakePeer {
  readonly offer: string;
  /** Plain packets received, oldest first. */
  readonly rtp: Buffer[] = [];
  readonly rtcp: Buffer[] = [];
  readonly connected: Promise<void>;
  /** The server ended the session. */
  readonly closed: Promise<void>;
  /** Drops an incoming media packet when it returns false. */
  passes: (packet: Buffer) => boolean = () => true;
  readonly #mux: IceMux;
  readonly #agent: IceAgent;
  readonly #profiles: readonly SrtpProfile[];
  readonly #setup: string;
  readonly #certificate = createCertificate('peer');
  readonly #connected = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #dtls: DtlsConnection | undefined;
  #receiver: SrtpReceiver | undefined;
  #rtcpReceiver: SrtcpReceiver | undefined;
  #rtcpSender: SrtcpSender | undefined;
  #local: SrtpMaster | undefined;
  #senders = new Map<number, { readonly srtp: SrtpSender; index: number }>();

  private constructor(mux: IceMux, medias: readonly PeerMedia[], options: PeerOptions) {
    this.#mux = mux;
    this.#profiles = options.profiles ?? ['SRTP_AES128_CM_HMAC_SHA1_80'];
    this.#setup = options.setup ?? 'actpass';
    this.connected = this.#connected.promise;
    this.closed = this.#closed.promise;
    this.#agent = new IceAgent({
      mux,
      controlling: true,
      onConnected: () => this.#dtls?.start(),
      onData: (bytes) => this.#receive(bytes),
      onFailed: () => this.#closed.resolve(),
    });
    this.offer = this.#describe(medias);
  }

  static async open(medias: readonly PeerMedia[], options: PeerOptions = {}): Promise<FakePeer> {
    const mux = await IceMux.listen({ host: '127.0.0.1', ports: [0, 0], networks: ['udp4'] });
    return new FakePeer(mux, medias, options);
  }

  /** Begins to connect; candidates of the answer are used. */
  accept(answer: string): void {
    const { ice, fingerprints, candidates } = parseDescription(answer);
    const isClient =
      this.#setup === 'active' || (this.#setup === 'actpass' && answer.includes('a=setup:passive'));
    this.#dtls = new DtlsConnection({
      role: isClient ? 'client' : 'server',
      certificate: this.#certificate,
      fingerprints,
      srtpProfiles: this.#profiles.map((profile) => SRTP_PROFILES[profile].id),
      send: (datagram) => this.#agent.send(datagram),
      onConnected: (dtls) => this.#secured(dtls, isClient),
      onClosed: () => this.#closed.resolve(),
    });
    this.#agent.setRemote(ice);
    for (const candidate of candidates) this.#agent.addRemoteCandidate(candidate);
  }

  /** Sends payloads of one timestamp, the marker on the last. */
  sendRtp(ssrc: number, payloadType: number, timestamp: number, payloads: readonly Buffer[]): void {
    const sender = this.#senders.get(ssrc) ?? {
      srtp: createSrtpSender(this.#local!, { ssrc, payloadType }),
      index: 1,
    };
    this.#senders.set(ssrc, sender);
    const block = blockOf(payloads, timestamp);
    this.#agent.path?.sendAll(sender.srtp.protect(block, 0, sender.index, 0));
    sender.index += payloads.length;
  }

  sendRtcp(packet: Buffer): void {
    this.#agent.send(this.#rtcpSender!.protect(packet));
  }

  /** Leaves: `politely` with DTLS close_notify, else without a word. */
  close(politely = true): void {
    if (politely) this.#dtls?.close();
    this.#agent.close();
    this.#mux.close();
  }

  #describe(medias: readonly PeerMedia[]): string {
    const { ufrag, password } = this.#agent;
    const { port } = this.#mux;
    const candidate = localCandidate({
      protocol: 'udp',
      type: 'host',
      address: '127.0.0.1',
      port,
      order: 0,
      ufrag,
    });
    const { foundation, priority } = candidate;
    const lines = ['v=0', `o=- ${randomBytes(4).readUInt32BE()} 1 IN IP4 127.0.0.1`, 's=-', 't=0 0'];
    lines.push(`a=group:BUNDLE ${medias.map((_, index) => index).join(' ')}`);
    medias.forEach(({ kind, direction, formats }, index) => {
      lines.push(
        `m=${kind} 9 UDP/TLS/RTP/SAVPF ${formats.map(({ type }) => type).join(' ')}`,
        'c=IN IP4 0.0.0.0',
      );
      lines.push(
        `a=mid:${index}`,
        `a=ice-ufrag:${ufrag}`,
        `a=ice-pwd:${password}`,
        `a=${direction}`,
        'a=rtcp-mux',
      );
      lines.push(`a=fingerprint:sha-256 ${this.#certificate.fingerprint}`, `a=setup:${this.#setup}`);
      for (const { type, map, lines: more = [] } of formats)
        lines.push(`a=rtpmap:${type} ${map}`, ...more.map((line) => `a=${line}`));
      if (index === 0) lines.push(`a=candidate:${foundation} 1 udp ${priority} 127.0.0.1 ${port} typ host`);
    });
    return `${lines.join('\r\n')}\r\n`;
  }

  #secured(dtls: DtlsConnection, isClient: boolean): void {
    const profile = this.#profiles.find((name) => SRTP_PROFILES[name].id === dtls.srtpProfile)!;
    const { keyBytes, saltBytes } = SRTP_PROFILES[profile];
    const material = dtls.exportKeys('EXTRACTOR-dtls_srtp', 2 * (keyBytes + saltBytes));
    const side = (index: number): SrtpMaster => ({
      profile,
      key: material.subarray(index * keyBytes, (index + 1) * keyBytes),
      salt: material.subarray(2 * keyBytes + index * saltBytes, 2 * keyBytes + (index + 1) * saltBytes),
    });
    const [local, remote] = isClient ? [side(0), side(1)] : [side(1), side(0)];
    this.#local = local;
    this.#receiver = new SrtpReceiver(remote);
    this.#rtcpReceiver = new SrtcpReceiver(remote);
    this.#rtcpSender = new SrtcpSender(local);
    this.#connected.resolve();
  }

  #receive(bytes: Buffer): void {
    if (isDtls(bytes)) this.#dtls?.receive(bytes);
    else if (isRtcp(bytes, 0, bytes.length)) {
      const packet = this.#rtcpReceiver?.unprotect(bytes);
      if (packet) this.rtcp.push(packet);
    } else if (this.passes(bytes)) {
      const packet = this.#receiver?.unprotect(bytes);
      if (packet) this.rtp.push(packet);
    }
  }
}

function blockOf(payloads: readonly Buffer[], timestamp: number): RtpBlock {
  const writer = new RtpBlockWriter();
  for (const payload of payloads) {
    const at = writer.add(0, 12 + payload.length);
    writer.buffer.fill(0, at, at + 12);
    writer.buffer[at] = 0x80;
    writer.buffer.writeUInt32BE(timestamp, at + 4);
    payload.copy(writer.buffer, at + 12);
  }
  writer.mark();
  return writer.take();
}

/** The bytes of a generic NACK (RFC 4585 §6.2.1), an item for each sequence number. */
export function genericNack(ssrc: number, mediaSsrc: number, sequences: readonly number[]): Buffer {
  const bytes = Buffer.alloc(12 + sequences.length * 4);
  bytes[0] = 0x81;
  bytes[1] = 205;
  bytes.writeUInt16BE(2 + sequences.length, 2);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.writeUInt32BE(mediaSsrc, 8);
  for (const [index, sequence] of sequences.entries()) bytes.writeUInt16BE(sequence, 12 + index * 4);
  return bytes;
}

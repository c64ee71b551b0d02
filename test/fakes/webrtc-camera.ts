/** A camera that is a WebRTC peer, made of werift: it offers or answers, and sends its feeds. */
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import type { Feed } from './feed.ts';

const H264 = new RTCRtpCodecParameters({
  mimeType: 'video/H264',
  clockRate: 90000,
  payloadType: 102,
  parameters: 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1',
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
});
const PCMA = new RTCRtpCodecParameters({ mimeType: 'audio/PCMA', clockRate: 8000, payloadType: 8 });

export class WebrtcCamera {
  readonly #feeds: readonly Feed[];
  readonly #peer = new RTCPeerConnection({
    codecs: { video: [H264], audio: [PCMA] },
    bundlePolicy: 'max-bundle',
    iceServers: [],
    iceUseIpv6: false,
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
  });
  readonly #unsubscribe: (() => void)[] = [];
  /** What it was told, in order. */
  readonly candidates: string[] = [];

  constructor(feeds: readonly Feed[]) {
    this.#feeds = feeds;
  }

  async offer(): Promise<string> {
    this.#addTracks(this.#feeds);
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    return this.#peer.localDescription!.sdp;
  }

  async accept(answer: string): Promise<void> {
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  async answer(offer: string): Promise<string> {
    this.#addTracks(this.#feeds.filter(({ kind }) => offer.includes(`m=${kind}`)));
    await this.#peer.setRemoteDescription({ type: 'offer', sdp: offer });
    await this.#peer.setLocalDescription(await this.#peer.createAnswer());
    return this.#peer.localDescription!.sdp;
  }

  async addCandidate(candidate: string): Promise<void> {
    this.candidates.push(candidate);
    await this.#peer.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 });
  }

  /** Whether the other side said good-bye. */
  get told(): boolean {
    return this.#peer.dtlsTransports.every(({ state }) => state === 'closed');
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#peer.close();
  }

  #addTracks(feeds: readonly Feed[]): void {
    for (const feed of feeds) {
      const track = new MediaStreamTrack({ kind: feed.kind });
      this.#peer.addTransceiver(track, { direction: 'sendonly' });
      this.#unsubscribe.push(
        feed.subscribe((kind, bytes) => {
          if (kind === 'rtp' && this.#peer.connectionState === 'connected')
            track.writeRtp(Buffer.from(bytes));
        }),
      );
    }
  }
}

/** A description without candidates, and the candidates. */
export function splitCandidates(sdp: string): { sdp: string; candidates: string[] } {
  const isCandidate = (line: string): boolean => line.startsWith('a=candidate:');
  const lines = sdp.split('\r\n');
  return {
    sdp: lines.filter((line) => !isCandidate(line) && line !== 'a=end-of-candidates').join('\r\n'),
    candidates: lines.filter(isCandidate).map((line) => line.slice(2)),
  };
}

/**
 * WebRTC: this browser offers, the server answers, candidates trickle both ways.
 *
 *   → {"type":"webrtc","value":{"type":"offer","sdp":"v=0…","ice_servers":[…]}}
 *   ← {"type":"webrtc","value":{"type":"answer","sdp":"v=0…"}}
 *   ↔ {"type":"webrtc/candidate","value":"candidate:…"}       '' ends them
 *
 * With a microphone the audio section is sendrecv; muting it is `replaceTrack(null)` on the same session.
 */
import type { StreamSocket } from './socket.ts';
import { text } from './texts.ts';
import {
  createVideo,
  onFirstFrame,
  play,
  releaseVideo,
  type Transport,
  type TransportEvents,
  type TransportOptions,
} from './transport.ts';
import { createDelay } from './webrtc-delay.ts';

export interface WebrtcOptions extends TransportOptions {
  readonly iceServers: Promise<readonly RTCIceServer[]>;
  /** Sent to the camera's loudspeaker. */
  readonly microphone?: MediaStreamTrack | undefined;
}

export interface WebrtcTransport extends Transport {
  /** Whether the camera takes sound; undefined before the answer. */
  readonly canTalk: boolean | undefined;
  /** Sends another microphone track from now on; null falls silent. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
}

/** From the answer to the first picture. */
const CONNECT_MS = 15_000;
/** "disconnected" may heal by itself (a roaming phone); after this long it counts as lost. */
const DISCONNECTED_MS = 3000;
const POLL_MS = 2000;
const FIRST_POLL_MS = 700;
const ALIVE_MS = 1000;

export function openWebrtc(
  socket: StreamSocket,
  options: WebrtcOptions,
  events: TransportEvents,
): WebrtcTransport {
  const video = createVideo(options);
  const tcpOnly = options.mode === 'webrtc/tcp';
  const media = new MediaStream();
  const earlyCandidates: string[] = [];
  let pc: RTCPeerConnection | undefined;
  let sender: RTCRtpSender | undefined;
  let answered = false;
  let closed = false;
  let audio: boolean | undefined;
  let canTalk: boolean | undefined;
  let connectTimer: ReturnType<typeof setTimeout> | undefined;
  let disconnectedTimer: ReturnType<typeof setTimeout> | undefined;

  const fail = (reason: string) => {
    if (!closed) events.failed(reason);
  };

  const addCandidate = (candidate: string) => {
    if (tcpOnly && / udp /i.test(candidate)) return;
    // A candidate that this browser can't use (IPv6, mDNS) is no failure: others follow.
    pc?.addIceCandidate(candidate ? { candidate, sdpMid: '0' } : undefined).catch(() => undefined);
  };

  const onAnswer = async (sdp: string) => {
    if (!pc || answered) return;
    answered = true;
    connectTimer = setTimeout(() => fail(text('rtcTimeout')), CONNECT_MS);
    await pc.setRemoteDescription({ type: 'answer', sdp });
    for (const candidate of earlyCandidates.splice(0)) addCandidate(candidate);
    const [videoSide, audioSide] = ['video', 'audio'].map((kind) =>
      pc!.getTransceivers().find((transceiver) => transceiver.receiver.track.kind === kind),
    );
    const receives = (side: RTCRtpTransceiver | undefined) =>
      side?.currentDirection?.includes('recv') ?? false;
    audio = receives(audioSide);
    canTalk = audioSide?.currentDirection?.includes('send') ?? false;
    if (options.microphone && !canTalk) fail(text('noLoudspeaker'));
    else if (options.video && !receives(videoSide)) fail(text('rtcVideoCodec'));
    else if (!receives(videoSide) && !audio) fail(text('rtcNothing'));
  };

  const onState = () => {
    clearTimeout(disconnectedTimer);
    if (pc?.connectionState === 'failed') fail(text(answered ? 'rtcBlocked' : 'rtcFailed'));
    else if (pc?.connectionState === 'closed') fail(text('rtcEnded'));
    else if (pc?.connectionState === 'disconnected')
      disconnectedTimer = setTimeout(() => fail(text('rtcLost')), DISCONNECTED_MS);
  };

  const offer = async () => {
    const iceServers = [...(await options.iceServers)];
    if (closed) return;
    pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
    pc.onconnectionstatechange = onState;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && tcpOnly && candidate.protocol === 'udp') return;
      socket.send('webrtc/candidate', candidate?.candidate ?? '');
    };
    pc.ontrack = ({ track, receiver }) => {
      lowerLatency(receiver);
      media.addTrack(track);
      void play(video, events.silenced);
    };
    if (options.video) pc.addTransceiver('video', { direction: 'recvonly' });
    if (options.microphone)
      sender = pc.addTransceiver(options.microphone, {
        direction: options.audio ? 'sendrecv' : 'sendonly',
      }).sender;
    else if (options.audio) pc.addTransceiver('audio', { direction: 'recvonly' });
    await pc.setLocalDescription();
    if (closed) return;
    socket.send('webrtc', { type: 'offer', sdp: pc.localDescription!.sdp, ice_servers: iceServers });
  };

  let received = 0;
  let latency: number | undefined;
  const delay = createDelay();
  /** Whether bytes came in since the last look; a WebRTC element itself does not tell that the camera fell silent. */
  const look = async (): Promise<boolean> => {
    const report = await pc?.getStats().catch(() => undefined);
    let sum = 0;
    for (const entry of report?.values() ?? []) if (entry.type === 'inbound-rtp') sum += entry.bytesReceived;
    latency = (report && delay(report)) ?? latency;
    const more = sum > received;
    received = sum;
    if (more) events.media();
    return more;
  };

  socket.on('webrtc', (value) => {
    const sdp = typeof value === 'object' && value !== null && 'sdp' in value ? String(value.sdp) : '';
    onAnswer(sdp).catch((error) => fail(`WebRTC: ${error instanceof Error ? error.message : error}`));
  });
  socket.on('webrtc/candidate', (value) => {
    if (answered && pc?.remoteDescription) addCandidate(String(value));
    else earlyCandidates.push(String(value));
  });

  video.srcObject = media;
  onFirstFrame(video, () => {
    clearTimeout(connectTimer);
    events.media();
    events.playing();
    setTimeout(look, FIRST_POLL_MS);
  });
  const pollTimer = setInterval(() => void look(), POLL_MS);
  if ('RTCPeerConnection' in globalThis)
    offer().catch((error) => fail(`WebRTC: ${error instanceof Error ? error.message : error}`));
  else queueMicrotask(() => fail(text('rtcMissing')));

  return {
    mode: options.mode,
    element: video,
    get audio() {
      return audio;
    },
    get canTalk() {
      return canTalk;
    },
    latency: () => latency,
    async alive() {
      await look();
      await new Promise((resolve) => setTimeout(resolve, ALIVE_MS));
      return look();
    },
    async setMicrophone(track) {
      await sender?.replaceTrack(track);
    },
    close() {
      closed = true;
      clearTimeout(connectTimer);
      clearTimeout(disconnectedTimer);
      clearInterval(pollTimer);
      if (pc) pc.onconnectionstatechange = pc.onicecandidate = pc.ontrack = null;
      pc?.close();
      releaseVideo(video);
    },
  };
}

/** Asks the browser for the smallest jitter buffer it dares; each browser knows one of the names, or none. */
function lowerLatency(receiver: RTCRtpReceiver): void {
  try {
    Object.assign(receiver, { jitterBufferTarget: 0, playoutDelayHint: 0 });
  } catch {
    // Only a hint.
  }
}

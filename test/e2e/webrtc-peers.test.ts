/** WebRTC with a second implementation of ICE, DTLS, SRTP and RTCP: werift as a viewer and as a camera. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RtpPacket } from 'werift';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const H264 = new RTCRtpCodecParameters({
  mimeType: 'video/H264',
  clockRate: 90000,
  payloadType: 102,
  parameters: 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1',
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
});

const connect = (): RTCPeerConnection =>
  new RTCPeerConnection({
    codecs: { video: [H264], audio: [] },
    iceServers: [],
    iceUseIpv6: false,
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
  });

async function signal(server: TestServer, peer: RTCPeerConnection, query: string): Promise<void> {
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await server.fetch(`/api/webrtc?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: peer.localDescription!.sdp,
  });
  assert.equal(answer.status, 201, server.log);
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
}

/** Collects the RTP packets of the peer's video. */
function watch(peer: RTCPeerConnection): RtpPacket[] {
  const packets: RtpPacket[] = [];
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((packet) => packets.push(packet)));
  return packets;
}

describe('another WebRTC implementation', () => {
  let server: TestServer;
  let camera: RtspCamera;
  before(async () => {
    camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    server = await startServer({ streams: { cam: camera.url, pushed: null } });
  });
  after(async () => {
    await server?.stop();
    await camera?.close();
  });

  test('views a camera: whole frames in order, from a key frame on', async () => {
    const peer = connect();
    const packets = watch(peer);
    await signal(server, peer, 'src=cam');
    await until('fifty frames', () => packets.filter(({ header }) => header.marker).length > 50, 15_000);
    const sequence = packets.map(({ header }) => header.sequenceNumber);
    const steps = sequence.slice(1).map((number, index) => (number - sequence[index]!) & 0xffff);
    assert.ok(
      steps.every((step) => step === 1),
      `steps ${[...new Set(steps)]}`,
    );
    const firstTypes = packets.slice(0, 4).map(({ payload }) => payload[0]! & 31);
    assert.ok(firstTypes.includes(24) || firstTypes.includes(7), `begins with NAL types ${firstTypes}`);
    await peer.close();
    await until('the viewer to be gone', async () => (await server.viewers('cam')) === 0, 20_000);
  });

  test('publishes what another one views', async () => {
    const source = connect();
    const received = watch(source);
    await signal(server, source, 'src=cam');
    const publisher = connect();
    const track = new MediaStreamTrack({ kind: 'video' });
    publisher.addTransceiver(track, { direction: 'sendonly' });
    await signal(server, publisher, 'dst=pushed');
    let sent = 0;
    const forward = setInterval(() => {
      for (; sent < received.length; sent++) track.writeRtp(received[sent]!);
    }, 10);
    const viewer = connect();
    const packets = watch(viewer);
    await until('the push', async () => (await server.stream('pushed')).producers.length > 0, 10_000);
    await signal(server, viewer, 'src=pushed');
    await until(
      'frames of the push',
      () => packets.filter(({ header }) => header.marker).length > 25,
      20_000,
    );
    clearInterval(forward);
    await Promise.all([source, publisher, viewer].map((peer) => peer.close()));
  });
});

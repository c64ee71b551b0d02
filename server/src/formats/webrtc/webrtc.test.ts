import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import { buildAvcC } from '../../codecs/h264.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { createPeer, type Packet } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { Streams } from '../../core/streams.ts';
import { FakeCamera, FakeConsumer } from '../../core/testing.ts';
import { parseCandidate } from '../../net/ice-candidate.ts';
import { MediaClock } from '../../rtp/media-clock.ts';
import { rtpMarker, rtpPayloadType, rtpSequence, rtpSsrc, rtpTimestamp } from '../../rtp/packet.ts';
import { rtpFormat } from '../../rtp/payload.ts';
import { RtpReceiver } from '../../rtp/receiver.ts';
import { goodbye, parseRtcp, pictureLossIndication, type SenderReport } from '../../rtp/rtcp.ts';
import type { SrtpProfile } from '../../rtp/srtp-keys.ts';
import { createLogger } from '../../util/log.ts';
import { deleteWebrtc, postWebrtc } from './http.ts';
import { createWebrtc, type Role, type WebrtcServer } from './server.ts';
import type { WebrtcSession } from './session.ts';
import { WebrtcSignaling } from './signaling.ts';
import {
  AUDIO_MEDIA,
  FakePeer,
  genericNack,
  H264_MEDIA,
  type PeerMedia,
  type PeerOptions,
} from './testing.ts';

const SPS = Buffer.from('67640028acd940780227e5c044000003000400000300c83c60c658', 'hex');
const PPS = Buffer.from('68ebe3cb22c0', 'hex');
const H264 = videoCodec('h264', { extradata: buildAvcC([SPS], [PPS]), width: 1920, height: 1080 });
const PCMA = audioCodec('pcm_alaw', 8000);
const FRAME_TICKS = 3600;
const OPTIONS = { format: 'webrtc/test', protocol: 'test' } as const;

const webrtc: WebrtcServer = await createWebrtc({
  listen: '127.0.0.1:0',
  iceServers: [],
  log: createLogger('webrtc'),
});
const open: { close(): void }[] = [];
after(() => {
  for (const each of open) each.close();
  webrtc.close();
});

/** One NAL unit behind its length. */
function unit(type: number, bytes: number): Buffer<ArrayBuffer> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return Buffer.concat([length, Buffer.from([0x60 | type]), randomBytes(bytes - 1)]);
}

interface Scene {
  readonly camera: FakeCamera;
  readonly stream: Stream;
  /** Sends a frame; the first of ten is a key frame of 20 packets, the others of 3. */
  frame(): Buffer;
  frames(count: number): void;
}

async function scene(camera = new FakeCamera(H264)): Promise<Scene> {
  const streams = new Streams(async () => camera, { lingerMs: 0 });
  const stream = streams.set('cam', ['fake:cam']);
  open.push({ close: () => stream.close() });
  let count = 0;
  const frame = (): Buffer => {
    const key = count % 10 === 0;
    const data = unit(key ? 5 : 1, key ? 23_000 : 3000);
    camera.send(0, count++ * FRAME_TICKS, { key, data });
    return data;
  };
  return {
    camera,
    stream,
    frame,
    frames: (wanted) => {
      for (let sent = 0; sent < wanted; sent++) frame();
    },
  };
}

async function join(
  stream: Stream,
  medias: readonly PeerMedia[] = [H264_MEDIA],
  options: PeerOptions & { role?: Role } = {},
): Promise<{ peer: FakePeer; session: WebrtcSession }> {
  const peer = await FakePeer.open(medias, options);
  open.push(peer);
  const session = await webrtc.answer(stream, peer.offer, options.role ?? 'auto', OPTIONS);
  peer.accept(session.sdp);
  await peer.connected;
  return { peer, session };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 400, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The access units in the packets of a peer, put together again by our receiver. */
function unitsOf(packets: readonly Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  const receiver = new RtpReceiver({
    id: 0,
    format: rtpFormat(102, 'H264', 90000, { parameters: { 'packetization-mode': '1' } }),
    clock: new MediaClock(),
    write: ({ data }: Packet) => void units.push(data),
  });
  for (const packet of packets) receiver.push(packet, 0, packet.length, performance.now());
  return units;
}

/** A retransmission as the packet that it repeats (RFC 4588 §4). */
function original(packet: Buffer, ssrc: number): Buffer {
  const repeated = Buffer.concat([packet.subarray(0, 12), packet.subarray(14)]);
  repeated[1] = (repeated[1]! & 0x80) | 102;
  packet.copy(repeated, 2, 12, 14);
  repeated.writeUInt32BE(ssrc, 8);
  return repeated;
}

const ofType = (packets: readonly Buffer[], type: number): Buffer[] =>
  packets.filter((packet) => rtpPayloadType(packet, 0) === type);

describe('a viewer', () => {
  for (const profile of ['SRTP_AES128_CM_HMAC_SHA1_80', 'SRTP_AEAD_AES_128_GCM'] as SrtpProfile[]) {
    for (const setup of ['actpass', 'active', 'passive'] as const) {
      test(`gets every frame whole: ${profile}, setup ${setup}`, async () => {
        const { stream, frame } = await scene();
        const { peer, session } = await join(stream, [H264_MEDIA], { profiles: [profile], setup });
        await until(() => session.connected, 'connected');
        await pause(20);
        const sent = Array.from({ length: 25 }, () => frame());
        await until(() => unitsOf(peer.rtp).length === sent.length, 'all frames');
        assert.deepEqual(unitsOf(peer.rtp), sent);
        const sequences = peer.rtp.map((packet) => rtpSequence(packet, 0));
        sequences.reduce((last, next) => {
          assert.equal(next, (last + 1) & 0xffff);
          return next;
        });
        assert.equal(new Set(peer.rtp.map((packet) => rtpSsrc(packet, 0))).size, 1);
        assert.equal(peer.rtp.filter((packet) => rtpMarker(packet, 0)).length, sent.length);
        peer.close();
        await session.ended;
      });
    }
  }

  test('that comes late is shown the frames since the last key frame, pressed together before the live one', async () => {
    const { stream, frame, frames } = await scene();
    const first = await join(stream);
    await pause(20);
    frames(37);
    await until(() => unitsOf(first.peer.rtp).length === 37, 'the first viewer has all');
    const { peer } = await join(stream);
    await until(() => unitsOf(peer.rtp).length === 7, 'seven since the last key frame');
    const live = [frame(), frame()];
    await until(() => unitsOf(peer.rtp).length === 9, 'and live ones');
    assert.deepEqual(unitsOf(peer.rtp).slice(-2), live);
    const times = peer.rtp.filter((packet) => rtpMarker(packet, 0)).map((packet) => rtpTimestamp(packet, 0));
    const steps = times.slice(1).map((time, index) => (time - times[index]!) | 0);
    assert.deepEqual(steps, [90, 90, 90, 90, 90, 90, FRAME_TICKS, FRAME_TICKS]);
    first.peer.close();
    peer.close();
  });

  test('asks for lost packets and gets them again, as retransmissions', async () => {
    const { stream, frame } = await scene();
    const { peer, session } = await join(stream);
    await pause(20);
    const lost: number[] = [];
    peer.passes = (packet) => {
      if (rtpPayloadType(packet, 0) !== 102 || rtpSequence(packet, 0) % 7 !== 0) return true;
      lost.push(rtpSequence(packet, 0));
      return false;
    };
    const sent = Array.from({ length: 10 }, () => frame());
    await until(() => lost.length >= 5 && peer.rtp.length > 30, 'packets come, some are lost');
    await pause(30);
    const ssrc = rtpSsrc(peer.rtp[0]!, 0);
    peer.sendRtcp(genericNack(1, ssrc, lost));
    await until(() => ofType(peer.rtp, 103).length === lost.length, 'retransmitted');
    const repaired = [
      ...ofType(peer.rtp, 102),
      ...ofType(peer.rtp, 103).map((packet) => original(packet, ssrc)),
    ];
    repaired.sort((a, b) => rtpSequence(a, 0) - rtpSequence(b, 0));
    assert.deepEqual(unitsOf(repaired), sent);
    assert.match(session.sdp, new RegExp(`ssrc-group:FID ${ssrc} ${rtpSsrc(ofType(peer.rtp, 103)[0]!, 0)}`));
    peer.close();
  });

  test('without a format for retransmissions gets the same packet once more', async () => {
    const { stream, frame } = await scene();
    const media = { ...H264_MEDIA, formats: H264_MEDIA.formats.slice(0, 1) };
    const { peer } = await join(stream, [media]);
    await pause(20);
    let dropped: number | undefined;
    peer.passes = (packet) => {
      if (dropped !== undefined || rtpMarker(packet, 0)) return true;
      dropped = rtpSequence(packet, 0);
      return false;
    };
    const sent = frame();
    await until(() => peer.rtp.length >= 19, 'all but one');
    const ssrc = rtpSsrc(peer.rtp[0]!, 0);
    peer.sendRtcp(genericNack(1, ssrc, [dropped!]));
    await until(() => peer.rtp.some((packet) => rtpSequence(packet, 0) === dropped), 'sent again');
    const ordered = peer.rtp.toSorted((a, b) => rtpSequence(a, 0) - rtpSequence(b, 0));
    assert.deepEqual(unitsOf(ordered), [sent]);
    peer.close();
  });

  test('that lost the picture has the camera asked for a key frame', async () => {
    const { camera, stream, frame } = await scene();
    const { peer } = await join(stream);
    await pause(20);
    frame();
    await until(() => peer.rtp.length > 0, 'media');
    const asked = camera.keyframeRequests;
    await pause(1000);
    peer.sendRtcp(pictureLossIndication(1, rtpSsrc(peer.rtp[0]!, 0)));
    await until(() => camera.keyframeRequests > asked, 'asked');
    peer.close();
  });

  test('is told how audio and video lie to each other', async () => {
    const camera = new FakeCamera(H264, PCMA);
    const { stream, frame } = await scene(camera);
    const { peer } = await join(stream, [H264_MEDIA, AUDIO_MEDIA]);
    await pause(20);
    for (let index = 0; index < 5; index++) {
      frame();
      camera.send(1, index * 320, { key: true, data: Buffer.alloc(320, index) });
    }
    const reports = (): SenderReport[] => {
      const all: SenderReport[] = [];
      const senderReport = (report: SenderReport): void => void all.push(report);
      for (const packet of peer.rtcp) parseRtcp(packet, 0, packet.length, { senderReport });
      return all;
    };
    await until(() => reports().length >= 2, 'a report for each track');
    const [video, audio] = [102, 8].map((type) => {
      const [packet] = ofType(peer.rtp, type);
      const report = reports().findLast(({ ssrc }) => ssrc === rtpSsrc(packet!, 0))!;
      const seconds = ((rtpTimestamp(packet!, 0) - report.timestamp) | 0) / (type === 8 ? 8000 : 90000);
      return report.wallMs + seconds * 1000;
    });
    assert.ok(Math.abs(video! - audio!) < 2, 'both began at one time');
    peer.close();
  });

  test('gets PCM converted to what it offered, and nothing of a kind that does not fit', async () => {
    const camera = new FakeCamera(
      videoCodec('hevc', { extradata: Buffer.alloc(23) }),
      audioCodec('pcm_s16be', 16000),
    );
    const { stream } = await scene(camera);
    const { peer, session } = await join(stream, [H264_MEDIA, AUDIO_MEDIA]);
    assert.match(session.sdp, /m=video 9 [^\n]*102\r\n[\s\S]*a=inactive[\s\S]*m=audio 9 \S+ 0\r\n/);
    await pause(20);
    for (let index = 0; index < 20; index++)
      camera.send(1, index * 640, { key: true, data: Buffer.alloc(1280) });
    await until(() => peer.rtp.length > 10, 'audio');
    assert.equal(rtpPayloadType(peer.rtp[0]!, 0), 0);
    peer.close();
  });

  test('that nothing fits is told both sides', async () => {
    const { stream } = await scene(
      new FakeCamera(videoCodec('hevc', { extradata: Buffer.alloc(23), width: 640, height: 360 })),
    );
    const peer = await FakePeer.open([H264_MEDIA]);
    await assert.rejects(webrtc.answer(stream, peer.offer, 'auto', OPTIONS), {
      code: 'no_match',
      message: /camera offers hevc 640x360; viewer accepts h264/,
    });
    peer.close();
  });

  test('leaves: by DTLS at once, with its session, with its stream', async () => {
    const { stream, camera } = await scene();
    const polite = await join(stream);
    polite.peer.close();
    await polite.session.ended;
    const ended = await join(stream);
    ended.session.close();
    await ended.peer.closed;
    await ended.session.ended;
    await until(() => camera.stopped, 'the camera is closed');
    const { stream: other } = await scene();
    const removed = await join(other);
    await pause(20);
    other.close();
    await removed.peer.closed;
    for (const { session } of [polite, ended, removed]) assert.ok(!webrtc.sessions.has(session.id));
    for (const { peer } of [ended, removed]) peer.close();
  });

  test('that goes before it is answered leaves nothing behind', async () => {
    const { stream, camera } = await scene();
    const peer = await FakePeer.open([H264_MEDIA]);
    const options = { ...OPTIONS, signal: AbortSignal.abort() };
    await assert.rejects(webrtc.answer(stream, peer.offer, 'auto', options), { code: 'aborted' });
    await until(() => camera.stopped, 'the camera is closed');
    peer.close();
  });
});

describe('a microphone', () => {
  interface Talked {
    readonly camera: FakeCamera;
    readonly heard: Packet[];
    talks: number;
  }
  function cameraThatListens(...codecs: ReturnType<typeof audioCodec>[]): Talked {
    const camera = new FakeCamera(H264, PCMA);
    const talked: Talked = { camera, heard: [], talks: 0 };
    camera.backchannel = {
      codecs,
      open: async () => {
        talked.talks++;
        return { write: (packet) => void talked.heard.push(packet), close: () => talked.talks-- };
      },
    };
    return talked;
  }
  const sendrecv: PeerMedia = { ...AUDIO_MEDIA, direction: 'sendrecv' };

  test('is not heard of a peer that may not talk; it watches', async () => {
    const talked = cameraThatListens(PCMA);
    const { stream } = await scene(talked.camera);
    const peer = await FakePeer.open([H264_MEDIA, sendrecv]);
    const session = await webrtc.answer(stream, peer.offer, 'view', {
      format: 'webrtc',
      protocol: 'test',
      mayTalk: false,
    });
    assert.doesNotMatch(session.sdp, /a=sendrecv|a=recvonly/);
    assert.match(session.sdp, /a=sendonly/);
    session.close();
    peer.close();
  });

  test('reaches the loudspeaker in its codec; silence ends nothing, leaving does', async () => {
    const talked = cameraThatListens(PCMA);
    const { stream } = await scene(talked.camera);
    const { peer, session } = await join(stream, [H264_MEDIA, sendrecv]);
    assert.match(session.sdp, /m=audio 9 \S+ 8\r\n[\s\S]*a=sendrecv/);
    assert.equal(talked.talks, 0, 'not before the first sound');
    const sound = Array.from({ length: 10 }, (_, index) => Buffer.alloc(160, index));
    for (const [index, payload] of sound.entries()) peer.sendRtp(77, 8, index * 160, [payload]);
    await until(() => talked.talks === 1, 'the loudspeaker is opened');
    for (const [index, payload] of sound.entries()) peer.sendRtp(77, 8, (10 + index) * 160, [payload]);
    await until(() => talked.heard.length >= 9, 'heard');
    assert.equal(talked.heard[0]?.track.codec.name, 'pcm_alaw');
    assert.deepEqual(talked.heard.at(-1)?.data.subarray(-160), sound.at(-1));
    await pause(100);
    assert.equal(talked.talks, 1);
    peer.close();
    await session.ended;
    assert.equal(talked.talks, 0);
  });

  test('is converted from G.711 where the loudspeaker takes other PCM', async () => {
    const talked = cameraThatListens(audioCodec('pcm_s16be', 16000));
    const { stream } = await scene(talked.camera);
    const { peer } = await join(stream, [sendrecv]);
    for (let index = 0; index < 40; index++) {
      peer.sendRtp(78, 0, index * 160, [Buffer.alloc(160, 0xff)]);
      await pause(2);
    }
    await until(() => talked.heard.length > 5, 'heard');
    assert.equal(talked.heard[0]?.track.codec.name, 'pcm_s16be');
    peer.close();
  });

  test('without a loudspeaker: the answer does not receive, the picture plays', async () => {
    const { stream } = await scene(new FakeCamera(H264, PCMA));
    const { peer, session } = await join(stream, [H264_MEDIA, sendrecv]);
    assert.match(session.sdp, /m=audio[\s\S]*a=sendonly/);
    peer.close();
    const silent = await FakePeer.open([{ ...AUDIO_MEDIA, direction: 'sendonly' }]);
    await assert.rejects(webrtc.answer(stream, silent.offer, 'auto', OPTIONS), /no loudspeaker/);
    silent.close();
  });

  test('alone is a session, too', async () => {
    const talked = cameraThatListens(opusCodec(1));
    const { stream } = await scene(talked.camera);
    const { peer, session } = await join(stream, [{ ...AUDIO_MEDIA, direction: 'sendonly' }]);
    assert.match(session.sdp, /m=audio 9 \S+ 111\r\n[\s\S]*a=recvonly/);
    for (let index = 0; index < 20; index++) {
      peer.sendRtp(79, 111, index * 960, [Buffer.from([0xf8, 0xff, 0xfe])]);
      await pause(5);
    }
    await until(() => talked.heard.length > 0, 'heard');
    assert.deepEqual(talked.heard[0]?.data, Buffer.from([0xf8, 0xff, 0xfe]));
    peer.close();
  });
});

describe('a publisher', () => {
  const sending: PeerMedia = { ...H264_MEDIA, direction: 'sendonly' };
  const key = [
    Buffer.concat([Buffer.from([24, 0, SPS.length]), SPS, Buffer.from([0, PPS.length]), PPS]),
    Buffer.alloc(900, 0x65),
  ];

  test('becomes the source of the stream until it says good-bye', async () => {
    const streams = new Streams(async () => assert.fail('no source is opened'));
    const stream = streams.set('pushed', []);
    const { peer, session } = await join(stream, [sending], { role: 'publish' });
    assert.match(session.sdp, /m=video 9 \S+ 102 103\r\n[\s\S]*a=recvonly/);
    peer.sendRtp(5, 102, 0, key);
    const viewer = new FakeConsumer();
    await until(() => stream.sources.length > 0, 'published');
    await stream.attach(viewer);
    peer.sendRtp(5, 102, 3600, key);
    peer.sendRtp(5, 102, 7200, [Buffer.alloc(500, 0x61)]);
    await until(() => viewer.packets.length >= 2, 'seen');
    assert.equal(viewer.starts[0]?.[0]?.codec.name, 'h264');
    assert.ok(viewer.packets[0]?.key);
    let asked = false;
    const keyframeRequest = (): void => {
      asked = true;
    };
    await until(() => {
      for (const packet of peer.rtcp) parseRtcp(packet, 0, packet.length, { keyframeRequest });
      return asked;
    }, 'asked for key frames');
    peer.sendRtcp(goodbye(5));
    await session.ended;
    stream.close();
    peer.close();
  });

  test('is told when it offers nothing that can be taken', async () => {
    const stream = new Streams(async () => assert.fail()).set('pushed', []);
    const formats = [{ type: 96, map: 'VP8/90000' }];
    const peer = await FakePeer.open([{ kind: 'video', direction: 'sendonly', formats }]);
    await assert.rejects(webrtc.answer(stream, peer.offer, 'publish', OPTIONS), {
      code: 'no_match',
      message: /VP8/,
    });
    peer.close();
    stream.close();
  });

  test('is recognised by its offer', async () => {
    const stream = new Streams(async () => assert.fail()).set('pushed', []);
    const { peer, session } = await join(stream, [sending]);
    assert.match(session.sdp, /a=recvonly/);
    session.close();
    peer.close();
    stream.close();
  });
});

describe('signalling', () => {
  test('over HTTP: WHEP, JSON, form, plain', async () => {
    const { stream } = await scene();
    const post = async (
      contentType: string | undefined,
      wrap: (sdp: string) => string,
      publishes = false,
    ) => {
      const peer = await FakePeer.open([publishes ? { ...H264_MEDIA, direction: 'sendonly' } : H264_MEDIA]);
      open.push(peer);
      const body = wrap(peer.offer);
      return await postWebrtc(webrtc, { stream, publishes, contentType, body, client: {} });
    };
    const whep = await post('application/sdp; charset=utf-8', String);
    assert.equal(whep.status, 201);
    assert.match(whep.body, /a=candidate:\d+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host[\s\S]*a=end-of-candidates/);
    const id = whep.location!.replace('webrtc?id=', '');
    assert.equal(webrtc.sessions.get(id)?.peer.format, 'webrtc/whep');
    assert.ok(deleteWebrtc(webrtc, id));
    assert.ok(!deleteWebrtc(webrtc, id));
    const whip = await post('application/sdp', String, true);
    assert.equal(whip.status, 201);
    assert.equal(webrtc.sessions.get(whip.location!.replace('webrtc?id=', ''))?.peer.format, 'webrtc/whip');
    const json = await post('application/json', (sdp) => JSON.stringify({ type: 'offer', sdp }));
    const { type, sdp } = JSON.parse(json.body) as { type: string; sdp: string };
    assert.deepEqual([json.status, type, sdp.slice(0, 5)], [200, 'answer', 'v=0\r\n']);
    const form = await post(
      'application/x-www-form-urlencoded',
      (offer) => `data=${Buffer.from(offer).toString('base64')}`,
    );
    assert.match(Buffer.from(form.body, 'base64').toString(), /^v=0/);
    const plain = await post(undefined, String);
    assert.match(plain.body, /^v=0/);
    await assert.rejects(
      post('application/json', () => '{'),
      { code: 'invalid' },
    );
    for (const session of [...webrtc.sessions.values()]) session.close();
  });

  test('over a socket: both forms, early candidates, ours behind the answer', async () => {
    for (const type of ['webrtc', 'webrtc/offer'] as const) {
      const { stream } = await scene();
      const peer = await FakePeer.open([H264_MEDIA]);
      open.push(peer);
      const [candidate] = /candidate:.*/.exec(peer.offer)!;
      const sdp = peer.offer.replace(/a=candidate.*\r\n/, '');
      const sent: [string, unknown][] = [];
      const left = new AbortController();
      const signaling = new WebrtcSignaling(webrtc, {
        signal: left.signal,
        publishes: false,
        stream: () => stream,
        send: (name, value) => void sent.push([name, value]),
      });
      await signaling.handle('webrtc/candidate', candidate);
      await signaling.handle('webrtc/candidate', '');
      await signaling.handle('webrtc/candidate', 'nonsense');
      const iceServers = [{ urls: ['stun:127.0.0.1:1'] }, null, { urls: 5 }];
      await signaling.handle(type, type === 'webrtc' ? { type: 'offer', sdp, ice_servers: iceServers } : sdp);
      const [name, value] = sent[0]!;
      assert.equal(name, type === 'webrtc' ? 'webrtc' : 'webrtc/answer');
      const answer = type === 'webrtc' ? (value as { sdp: string }).sdp : (value as string);
      assert.doesNotMatch(answer, /a=candidate|end-of-candidates/);
      const candidates = sent.slice(1).map(([, text]) => parseCandidate(text as string)!);
      assert.deepEqual(
        candidates.map(({ protocol, address }) => [protocol, address]),
        [
          ['udp', '127.0.0.1'],
          ['tcp', '127.0.0.1'],
        ],
      );
      peer.accept(answer);
      await peer.connected;
      const [session] = [...webrtc.sessions.values()];
      await until(() => session!.connected, 'connected');
      left.abort();
      await pause(20);
      assert.equal(webrtc.sessions.size, 1, 'it goes on without the socket');
      peer.close();
      await session!.ended;
    }
  });

  test('a session ends, connected or not, when what let it in is over', async () => {
    const over = new AbortController();
    const { stream } = await scene();
    const [early, late] = [await FakePeer.open([H264_MEDIA]), await FakePeer.open([H264_MEDIA])];
    const socket = { signal: new AbortController().signal, publishes: false, until: over.signal };
    const answers: string[] = [];
    const signaling = new WebrtcSignaling(webrtc, {
      ...socket,
      stream: () => stream,
      send: (type, value) => {
        if (type === 'webrtc/answer') answers.push(value as string);
      },
    });
    await signaling.handle('webrtc/offer', early.offer);
    await signaling.handle('webrtc/offer', late.offer);
    late.accept(answers[1]!);
    await late.connected;
    const sessions = [...webrtc.sessions.values()];
    assert.equal(sessions.length, 2);
    over.abort();
    await Promise.all(sessions.map(({ ended }) => ended));
    assert.equal(webrtc.sessions.size, 0);
    await assert.rejects(signaling.handle('webrtc/offer', early.offer), { code: 'aborted' });
    assert.equal(webrtc.sessions.size, 0);
    early.close();
    late.close();
  });

  test('over a socket that closes before the peer has come: the session ends', async () => {
    const { stream } = await scene();
    const peer = await FakePeer.open([H264_MEDIA]);
    const left = new AbortController();
    const socket = { signal: left.signal, publishes: false, stream: () => stream, send: () => {} };
    await new WebrtcSignaling(webrtc, socket).handle('webrtc/offer', peer.offer);
    assert.equal(webrtc.sessions.size, 1);
    left.abort();
    assert.equal(webrtc.sessions.size, 0);
    peer.close();
  });

  test('bad messages are refused', async () => {
    const { stream } = await scene();
    const signal = new AbortController().signal;
    const signaling = new WebrtcSignaling(webrtc, {
      signal,
      publishes: false,
      stream: () => stream,
      send: () => {},
    });
    for (const [type, value] of [
      ['webrtc', undefined],
      ['webrtc', { type: 'answer', sdp: 'v=0' }],
      ['webrtc', { type: 'offer', sdp: 'u' }],
      ['webrtc/offer', 7],
      ['webrtc/candidate', {}],
    ] as const)
      await assert.rejects(signaling.handle(type, value), { code: 'invalid' });
  });
});

test('the peer of a session is shown with its path', async () => {
  const { stream } = await scene();
  const { peer, session } = await join(stream);
  await until(() => session.connected, 'connected');
  assert.equal(session.peer.protocol, 'test+udp');
  assert.match(session.peer.remoteAddress ?? '', /^127\.0\.0\.1:\d+$/);
  assert.ok(createPeer({ format: 'x', protocol: 'y' }).id > session.peer.id);
  peer.close();
});

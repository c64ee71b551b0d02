/** Cameras that are odd but usable: each plays, with one connection, and ffmpeg has nothing to complain about. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, type Clip, h264Clip, hevcClip } from '../fakes/clips.ts';
import { ClipFeed, type ClipFeedOptions } from '../fakes/feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';

interface Quirk {
  readonly title: string;
  readonly camera?: Omit<CameraOptions, 'feeds'>;
  /** Of the feeds. */
  readonly feed?: ClipFeedOptions;
  /** `av` (default): h264 and aac. */
  readonly media?: 'v' | 'a' | 'hevc' | 'pcma' | 'opus';
  /** Appended to the source. */
  readonly options?: string;
  /** Packets are lost: ffmpeg may complain. */
  readonly lossy?: true;
  readonly check?: (camera: RtspCamera) => Promise<void> | void;
}

const AUTH = { user: 'admin', password: 'pa ss#word', schemes: ['md5-qop'] } as const;

const QUIRKS: readonly Quirk[] = [
  { title: 'gives other channels than asked', camera: { channels: (asked) => asked + 6 } },
  {
    title: 'does not tell the channels',
    camera: { reply: editHeaders((line) => line.replace(/interleaved=[\d-]+;?/, '')) },
  },
  { title: 'sends no sender reports', feed: { senderReports: false } },
  { title: 'tells parameter sets in band only', feed: { parameterSets: 'band' } },
  { title: 'tells parameter sets in the SDP only', feed: { parameterSets: 'sdp' } },
  { title: 'hevc: tells parameter sets in band only', media: 'hevc', feed: { parameterSets: 'band' } },
  { title: 'hevc: tells parameter sets in the SDP only', media: 'hevc', feed: { parameterSets: 'sdp' } },
  {
    title: 'ends sprop-parameter-sets with a comma',
    media: 'v',
    camera: { sdp: (sdp) => sdp.replace(/(sprop-parameter-sets=[^\r;]+)/, '$1,') },
  },
  {
    title: 'has broken parameter sets in the SDP',
    media: 'v',
    camera: { sdp: (sdp) => sdp.replace(/sprop-parameter-sets=[^\r;]+/, 'sprop-parameter-sets=Z0IA,aM4=') },
  },
  { title: 'has no fmtp', media: 'v', camera: { sdp: (sdp) => sdp.replace(/a=fmtp:96.*\r\n/, '') } },
  {
    title: 'needs no rtpmap for its static payload type',
    media: 'pcma',
    camera: { sdp: (sdp) => sdp.replace(/a=rtpmap:8 .*\r\n/, '') },
  },
  { title: 'writes lines with LF only', camera: { sdp: (sdp) => sdp.replaceAll('\r\n', '\n') } },
  { title: 'leaves the last line open', camera: { sdp: (sdp) => sdp.trimEnd() } },
  {
    title: 'has two session names and a bad connection line',
    camera: { sdp: (sdp) => sdp.replace('s=Fake', 's=one\r\ns=').replace('c=IN IP4 0.0.0.0', 'c=IN IP4') },
  },
  { title: 'has no header lines but v=', camera: { sdp: (sdp) => `v=0\r\n${sdp.slice(sdp.indexOf('m='))}` } },
  { title: 'tells no directions', camera: { sdp: (sdp) => sdp.replaceAll('a=recvonly\r\n', '') } },
  {
    title: 'tells sendonly for what it sends',
    camera: { sdp: (sdp) => sdp.replaceAll('a=recvonly', 'a=sendonly').replace('o=- ', 'o=CV-RTSPHandler ') },
  },
  {
    title: 'has an ONVIF metadata track',
    camera: {
      sdp: (sdp) =>
        `${sdp}m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:metadata\r\n`,
    },
  },
  {
    title: 'has a track of a kind that nobody knows',
    camera: { sdp: (sdp) => `${sdp}m=vendor.data 0 RTP/AVP 120\r\na=control:x\r\n` },
  },
  {
    title: 'has a video codec that nobody knows, too',
    camera: { sdp: (sdp) => `${sdp}m=video 0 RTP/AVP 121\r\na=rtpmap:121 SVAC/90000\r\na=control:y\r\n` },
  },
  {
    title: 'says Opus without channels',
    media: 'opus',
    camera: { sdp: (sdp) => sdp.replace('opus/48000/2', 'OPUS/48000') },
  },
  {
    title: 'has absolute control URLs',
    camera: {
      reply: (reply, { url }) => ({
        ...reply,
        ...(reply.body && { body: reply.body.replaceAll('a=control:track', `a=control:${url}/track`) }),
      }),
    },
  },
  {
    title: 'has one track without a control',
    media: 'v',
    camera: { sdp: (sdp) => sdp.replace(/a=control:.*\r\n/g, '') },
  },
  {
    title: 'tells no Content-Base',
    camera: { reply: editHeaders((line) => (line.startsWith('Content-Base') ? '' : line)) },
  },
  {
    title: 'doubles the scheme of its Content-Base',
    camera: {
      reply: editHeaders((line) => line.replace('Content-Base: rtsp://', 'Content-Base: rtsp://rtsp://')),
    },
  },
  {
    title: 'tells an address nobody reaches in its Content-Base',
    camera: {
      reply: editHeaders((line) =>
        line.replace(/Content-Base: rtsp:\/\/[^/]+/, 'Content-Base: rtsp://::ffff:127.0.0.1'),
      ),
    },
  },
  {
    title: 'writes header names in lower case',
    camera: { reply: editHeaders((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())) },
  },
  {
    title: 'puts spaces into its Session header',
    camera: { reply: editHeaders((line) => line.replace(/^Session: (\w+).*/, 'Session:  $1 ; timeout=60')) },
  },
  { title: 'knows no loudspeaker', camera: { refusesBackchannel: true } },
  {
    title: 'takes one connection only, and knows no loudspeaker',
    camera: { refusesBackchannel: true, maximumConnections: 1 },
  },
  { title: 'takes UDP only', camera: { transports: ['udp'] }, options: '#transport=udp' },
  { title: 'takes TCP only', camera: { transports: ['tcp'] } },
  { title: 'speaks TLS with a certificate of its own', camera: { tls: true } },
  { title: 'has a space and a # in its password', camera: { auth: AUTH } },
  {
    title: 'answers with Basic after Digest',
    camera: { auth: { ...AUTH, password: 'x', schemes: ['md5', 'basic'] } },
  },
  { title: 'has no sound', media: 'v' },
  { title: 'has sound only', media: 'a' },
  {
    title: 'is asked for its picture only',
    options: '#media=video',
    check: (camera) => assert.equal(camera.requests.filter(({ method }) => method === 'SETUP').length, 1),
  },
  {
    title: 'loses every 40th packet over UDP',
    options: '#transport=udp',
    feed: { passes: (index) => index % 40 !== 7 },
    lossy: true,
  },
  {
    title: 'delivers every 10th packet late over UDP',
    options: '#transport=udp',
    feed: { delays: (index) => index % 10 === 3 },
  },
  ...(['OPTIONS', 'GET_PARAMETER'] as const).map(
    (keepAlive): Quirk => ({
      title: `is kept alive by ${keepAlive} only`,
      camera: { keepAlive, sessionTimeoutSeconds: 6 },
      check: async (camera) => {
        await sleep(8000);
        assert.equal(camera.playing, 1, 'still playing after its session time-out');
      },
    }),
  ),
  {
    title: 'wants other credentials in mid-session',
    camera: { auth: { ...AUTH, password: 'secret' }, sessionTimeoutSeconds: 6 },
    check: async (camera) => {
      camera.guard?.renewNonce();
      await sleep(8000);
      assert.equal(camera.playing, 1, 'still playing with the new nonce');
    },
  },
];

describe('a camera that', { concurrency: 6 }, () => {
  const cameras = new Map<string, RtspCamera>();
  let server: TestServer;

  before(async () => {
    const clips = {
      h264: await h264Clip(),
      hevc: await hevcClip(),
      aac: await audioClip('MPEG4-GENERIC', { sampleRate: 16000 }),
      pcma: await audioClip('PCMA'),
      opus: await audioClip('opus'),
    };
    const tracks: Record<string, readonly Clip[]> = {
      av: [clips.h264, clips.aac],
      v: [clips.h264],
      a: [clips.aac],
      hevc: [clips.hevc, clips.aac],
      pcma: [clips.h264, clips.pcma],
      opus: [clips.h264, clips.opus],
    };
    const streams: Record<string, string> = {};
    for (const { title, camera: options, feed, media = 'av', options: suffix = '' } of QUIRKS) {
      const feeds = tracks[media]!.map((clip) => new ClipFeed(clip, feed));
      const camera = await startRtspCamera({ ...options, feeds });
      cameras.set(title, camera);
      streams[title] = camera.url + suffix;
    }
    server = await startServer({ streams });
  });
  after(async () => {
    await server?.stop();
    for (const camera of cameras.values()) await camera.close();
  });

  for (const { title, check, media, lossy, options } of QUIRKS) {
    test(title, async () => {
      const camera = cameras.get(title)!;
      await using viewer = await watchMse(server, title, { keep: true });
      await viewer.play(1.5, 6000);
      await check?.(camera);
      assert.equal(camera.accepted, 1, 'connections');
      await viewer.close();
      const { video, audio, complaints } = await viewer.decode();
      if (!lossy) assert.deepEqual(complaints, []);
      if (media !== 'a') assert.ok(video.distinct > (lossy ? 8 : 15), `${video.distinct} pictures`);
      if (media !== 'v' && !options?.includes('media=video')) {
        assert.ok(audio.times.length > 8, `${audio.times.length} sound frames`);
      }
    });
  }
});

/** A hook that changes each header line of a reply; '' removes it. */
function editHeaders(edit: (line: string) => string): NonNullable<CameraOptions['reply']> {
  return (reply) => ({ ...reply, headers: (reply.headers ?? []).map(edit).filter(Boolean) });
}

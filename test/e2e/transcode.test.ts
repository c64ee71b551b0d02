/** Viewers that take none of a camera's codecs: what FFmpeg makes for them, judged by FFmpeg and Chromium; how often it runs, and how it ends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { judge } from '../helpers/judge.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];
/** As flashClip: white, and a beep, in the first fifth of every second. */
const SIGNAL = 'lt(mod(t\\,1)\\,0.2)';
const PICTURE = `testsrc2=size=480x270:rate=15,drawbox=w=iw:h=ih:t=fill:color=white:enable=${SIGNAL}`;
const SOUND = `aevalsrc=if(${SIGNAL}\\,sin(2*PI*1000*t)\\,0):s=16000`;
const ONCE = ['-threads', '1', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const X265 = 'keyint=30:min-keyint=30:bframes=0:log-level=none';

interface TranscodeJson {
  readonly from: string;
  readonly to: string;
  readonly viewers: number;
}

const transcodesOf = async (server: TestServer, name: string): Promise<TranscodeJson[]> =>
  (await server.stream(name)).producers.flatMap(({ transcode }) => (transcode as TranscodeJson) ?? []);

const startHevcCamera = (): Promise<RtspCamera> =>
  startRtspCamera({
    feeds: ffmpegFeeds(
      ['-re', '-f', 'lavfi', '-i', `${PICTURE}[out0];${SOUND}[out1]`],
      [
        { kind: 'video', options: ['-map', '0:0', '-c:v', 'libx265', ...ONCE, '-x265-params', X265] },
        { kind: 'audio', options: ['-map', '0:1', '-c:a', 'aac', '-b:a', '48k', '-ac', '1'] },
      ],
    ),
  });

describe('an hevc and aac camera', () => {
  let camera: RtspCamera;
  let server: TestServer;

  before(async () => {
    camera = await startHevcCamera();
    server = await startServer({
      streams: { cam: camera.url, off: { url: camera.url, transcode: 'never' }, copy: 'stream:cam' },
      transcode: { limit: 2, hardware: 'off' },
      preload: { cam: 'video&audio' },
    });
    // Until the camera's RTCP tells how its sound and picture fit together.
    await sleep(5500);
  });
  after(async () => {
    await server.stop();
    await camera.close();
  });

  test('RTSP viewers are given h264 and opus that fit together, two of them by one ffmpeg for each track', async () => {
    const url = `${server.rtsp('cam')}?video=h264&audio=opus`;
    const judging = [0, 1].map(() => judge(url, { seconds: 5, options: TCP }));
    await until('both to be served', async () =>
      (await transcodesOf(server, 'cam')).some((t) => t.viewers === 2),
    );
    assert.deepEqual(await transcodesOf(server, 'cam'), [
      { from: 'hevc', to: 'h264', viewers: 2 },
      { from: 'aac', to: 'opus', viewers: 2 },
    ]);
    assert.equal(server.children().length, 2);
    for (const { video, audio, complaints, audioDelay } of await Promise.all(judging)) {
      assert.deepEqual([video?.codec, video?.width, audio?.codec], ['h264', 480, 'opus']);
      assert.ok(Math.abs(audioDelay) < 0.1, `audio ${audioDelay} s behind video`);
      assert.deepEqual(complaints, []);
      assert.ok(video!.times.length > 60, `${video!.times.length} pictures`);
    }
  });

  test('sound alone is transcoded beside a picture that is not, and stays within 100 ms of it', async () => {
    const { video, audio, audioDelay } = await judge(`${server.rtsp('cam')}?video=hevc&audio=opus`, {
      seconds: 4,
      options: TCP,
    });
    assert.deepEqual([video?.codec, audio?.codec], ['hevc', 'opus']);
    assert.ok(Math.abs(audioDelay) < 0.1, `audio ${audioDelay} s behind video`);
  });

  test('through another stream, too, and as Matroska', async () => {
    const response = await server.fetch('/api/stream.mkv?src=copy&video=h264&audio=pcma');
    assert.equal(response.headers.get('content-type'), 'video/x-matroska');
    const bytes = await readSeconds(response, 4);
    const { video, audio, audioDelay, complaints } = await judge('pipe:0', { bytes });
    assert.deepEqual([video?.codec, audio?.codec, audio?.sampleRate], ['h264', 'pcm_alaw', 8000]);
    assert.ok(Math.abs(audioDelay) < 0.1, `audio ${audioDelay} s behind video`);
    assert.deepEqual(
      complaints.filter((line) => !/ended prematurely/.test(line)),
      [],
    );
  });

  test('a browser without HEVC sees it by WebRTC, and hears it', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(server.url('/api'));
      const seen = (await page.evaluate(WATCH_WITHOUT_HEVC)) as {
        readonly answer: string;
        readonly frames: number;
        readonly width: number;
        readonly loud: boolean;
      };
      assert.match(seen.answer, /a=rtpmap:\d+ H264\/90000/);
      assert.match(seen.answer, /a=rtpmap:\d+ opus\/48000/i);
      assert.ok(seen.frames > 20 && seen.width === 480, `${seen.frames} frames of ${seen.width}`);
      assert.ok(seen.loud, 'the beep is heard');
    } finally {
      await browser.close();
    }
  });

  test('after the last viewer every ffmpeg ends', async () => {
    await until('ffmpeg to end', () => server.children().length === 0, 20_000);
    assert.deepEqual(await transcodesOf(server, 'cam'), []);
    const { consumers } = await server.stream('cam');
    assert.ok(!consumers?.some(({ format_name }) => format_name === 'transcode'));
  });

  test('transcode: never is said to the viewer', async () => {
    const response = await server.fetch('/api/stream.mkv?src=off&video=h264');
    assert.equal(response.status, 406);
    assert.match(
      await response.text(),
      /camera offers hevc 480x270, aac 16000 Hz; viewer accepts h264, transcoding is off .*transcode: never/,
    );
    assert.equal(server.children().length, 0);
  });

  test('beyond the budget a viewer is refused with the reason, and a picture that fits is still sent', async () => {
    const viewers = await Promise.all([
      server.fetch('/api/stream.mkv?src=cam&video=h264'),
      server.fetch('/api/stream.mjpeg?src=cam'),
    ]);
    assert.deepEqual(
      viewers.map(({ status }) => status),
      [200, 200],
    );
    const refused = await server.fetch('/api/stream.mkv?src=copy&video=h264');
    assert.equal(refused.status, 503);
    assert.match(
      await refused.text(),
      /2 video transcodes run already, the most that transcode.limit allows/,
    );
    const fitting = await server.fetch('/api/stream.mkv?src=copy&video=hevc');
    assert.equal(fitting.status, 200);
    for (const { body } of [...viewers, fitting]) await body!.cancel();
  });

  test('a camera that comes back is transcoded on, without a new viewer', async () => {
    const response = await server.fetch('/api/stream.mkv?src=cam&video=h264&audio=opus');
    const reading = readSeconds(response, 6);
    await until('ffmpeg', async () => (await transcodesOf(server, 'cam')).length === 2);
    await camera.restart();
    const { video, complaints } = await judge('pipe:0', { bytes: await reading });
    const steps = video!.times.map((time, index) => time - (video!.times[index - 1] ?? time));
    assert.ok(Math.min(...steps) >= 0, 'times never go back');
    assert.ok(video!.times.at(-1)! - video!.times[0]! > 3.5, 'it goes on after the break');
    assert.deepEqual(
      complaints.filter((line) => !/ended prematurely|corrupt|POC/.test(line)),
      [],
    );
  });

  test('an ffmpeg that is killed is replaced, and its viewer goes on', async () => {
    const response = await server.fetch('/api/stream.mjpeg?src=cam');
    const reader = response.body!.getReader();
    await reader.read();
    const [victim] = server.children();
    process.kill(victim!, 'SIGKILL');
    await until('another one', () => server.children().some((pid) => pid !== victim));
    let bytes = 0;
    while (bytes < 100_000) bytes += (await reader.read()).value!.length;
    await reader.cancel();
  });

  test('no ffmpeg outlives the server', async () => {
    const response = await server.fetch('/api/stream.mjpeg?src=cam');
    const pids = server.children();
    assert.ok(pids.length > 0);
    await server.stop();
    await response.body!.cancel().catch(() => {});
    await until('ffmpeg to end', () => !pids.some(isRunning));
  });
});

/** For the page: a WebRTC viewer that offers everything but HEVC, for three seconds. */
const WATCH_WITHOUT_HEVC = `(async () => {
  const connection = new RTCPeerConnection();
  const element = document.createElement('video');
  const stream = new MediaStream();
  connection.ontrack = ({ track }) => stream.addTrack(track);
  element.srcObject = stream;
  element.autoplay = true;
  const video = connection.addTransceiver('video', { direction: 'recvonly' });
  connection.addTransceiver('audio', { direction: 'recvonly' });
  const { codecs } = RTCRtpReceiver.getCapabilities('video');
  video.setCodecPreferences(codecs.filter(({ mimeType }) => !/H265/i.test(mimeType)));
  await connection.setLocalDescription();
  const response = await fetch('/api/webrtc?src=cam', {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: connection.localDescription.sdp,
  });
  const answer = await response.text();
  await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  const seen = { answer, frames: 0, width: 0, loud: false };
  for (let round = 0; round < 30; round++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type !== 'inbound-rtp') continue;
      if (entry.kind === 'audio') seen.loud ||= entry.audioLevel > 0.01;
      else Object.assign(seen, { frames: entry.framesDecoded, width: entry.frameWidth });
    }
  }
  connection.close();
  return seen;
})()`;

/** Whether the process is there, and not only its exit code. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** What comes within this time. */
async function readSeconds(response: Response, seconds: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const reader = response.body!.getReader();
  const timer = setTimeout(() => void reader.cancel(), seconds * 1000);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    pieces.push(value);
  }
  clearTimeout(timer);
  return Buffer.concat(pieces);
}

/** Faults of a running camera: viewers stay attached and see picture again, and no other stream notices. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, type Clip, h264Clip, hevcClip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { decode } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { type MseViewer, watchMse } from '../helpers/viewers.ts';

interface Fault {
  readonly title: string;
  readonly happen: (camera: RtspCamera, video: ClipFeed) => Promise<void> | void;
  /** The longest pause that viewers may see, in seconds. */
  readonly pause: number;
  /** What the log tells; undefined: nothing worth a warning. */
  readonly says?: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    title: 'resets in mid-frame',
    happen: (camera) => camera.resetInMidFrame(),
    pause: 2.5,
    says: /connection reset/,
  },
  { title: 'hangs up', happen: (camera) => camera.hangUp(), pause: 2.5, says: /closed/ },
  { title: 'restarts', happen: (camera) => camera.restart(1000), pause: 5, says: /connection reset/ },
  { title: 'stalls without closing', happen: (camera) => camera.stall(), pause: 8, says: /stalled|no video/ },
  {
    title: 'sends garbage between packets',
    happen: (camera) =>
      camera.inject(Buffer.concat([Buffer.from('$\x63\xff\xff', 'latin1'), randomBytes(3000)])),
    pause: 5,
  },
  {
    title: 'sends a stray RTSP reply',
    happen: (camera) => camera.inject(Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 9999\r\n\r\n')),
    pause: 1.5,
  },
  { title: 'jumps its clock by an hour', happen: (_, video) => video.jumpClock(3600), pause: 1.5 },
  { title: 'jumps its clock back', happen: (_, video) => video.jumpClock(-1800), pause: 1.5 },
];

describe('a running camera', { concurrency: 2 }, () => {
  for (const transport of ['tcp', 'udp'] as const) {
    describe(`over ${transport}, that`, { concurrency: 1 }, () => {
      let camera: RtspCamera;
      let other: RtspCamera;
      let server: TestServer;
      let video: ClipFeed;
      let small: Clip;
      let otherViewer: MseViewer;

      before(async () => {
        small = await h264Clip();
        video = new ClipFeed(small);
        const sound = new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 }));
        camera = await startRtspCamera({ feeds: [video, sound] });
        other = await startRtspCamera({ feeds: [new ClipFeed(await hevcClip())] });
        const option = transport === 'udp' ? '#transport=udp' : '';
        server = await startServer({ streams: { cam: camera.url + option, other: other.url } });
        otherViewer = await watchMse(server, 'other');
        await otherViewer.play(0.5);
      });
      after(async () => {
        await otherViewer?.close();
        await server?.stop();
        await camera?.close();
        await other?.close();
      });

      for (const { title, happen, pause, says } of FAULTS) {
        if (transport === 'udp' && /garbage|stray/.test(title)) continue;
        test(title, async () => {
          await using viewer = await watchMse(server, 'cam', { keep: true });
          await viewer.play(1.5);
          const logged = server.log.length;
          using longest = longestPause(viewer);
          const connections = camera.accepted;
          await happen(camera, video);
          await sleep(300);
          await viewer.play(2, pause * 1000 + 3000);
          const seconds = longest.stop();
          assert.ok(seconds <= pause, `no picture for ${seconds.toFixed(1)} s`);
          assert.ok(camera.accepted - connections <= 4, `${camera.accepted - connections} new connections`);
          await viewer.close();
          assert.deepEqual(viewer.errors, []);
          assert.equal(viewer.initialisations, 1);
          const { video: seen } = await viewer.decode();
          assertInOrder(seen.times, pause);
          assert.ok(seen.distinct >= 40, `${seen.distinct} different pictures`);
          const warnings = server.log
            .slice(logged)
            .split('\n')
            .filter((line) => / (WRN|ERR) /.test(line));
          if (says) assert.match(warnings.join('\n'), says);
          else assert.deepEqual(warnings, []);
        });
      }

      test('changes resolution', async () => {
        await using viewer = await watchMse(server, 'cam', { keep: true });
        await viewer.play(1.5);
        video.switchTo(await h264Clip({ size: '1280x720', bitrate: '1M' }));
        await sleep(1200);
        await viewer.play(2);
        await viewer.close();
        assert.equal(viewer.initialisations, 2, 'another one tells the new picture size');
        assert.ok((await viewer.decode(0)).video.times.length >= 25);
        const { video: seen, complaints } = await viewer.decode(1);
        assert.deepEqual(complaints, []);
        assert.ok(seen.times.length >= 40, `${seen.times.length} pictures`);
        video.switchTo(small);
        await sleep(1200);
      });

      test('restarts, under an RTSP viewer', async () => {
        const watching = decode(server.rtsp('cam'), 9, { options: ['-rtsp_transport', 'tcp'] });
        await sleep(4000);
        await camera.restart(1000);
        const { video: seen, code } = await watching;
        assert.equal(code, 0);
        assertInOrder(seen.times, 5);
        assert.ok(seen.times.at(-1)! > 8, `picture until ${seen.times.at(-1)} s`);
      });

      test('is no trouble for the other stream', async () => {
        await otherViewer.play(0.5);
        assert.deepEqual(otherViewer.errors, []);
        assert.equal(other.accepted, 1);
      });
    });
  }
});

/** Measures the longest time without a message from now on. */
function longestPause(viewer: MseViewer): Disposable & { stop(): number } {
  let longest = 0;
  const measure = (): void => {
    longest = Math.max(longest, performance.now() - viewer.lastAt);
  };
  const timer = setInterval(measure, 20);
  return {
    stop() {
      clearInterval(timer);
      return longest / 1000;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

function assertInOrder(times: readonly number[], gap: number): void {
  for (const [index, time] of times.entries()) {
    if (index === 0) continue;
    const step = time - times[index - 1]!;
    assert.ok(step > 0 && step < gap + 1, `after ${times[index - 1]} s comes ${time} s`);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaClock, type TrackClock } from './media-clock.ts';

const WALL = Date.UTC(2026, 10, 1);
const video = { kind: 'video', clockRate: 90000, timeBase: 90000 } as const;
const audio = { kind: 'audio', clockRate: 8000, timeBase: 8000 } as const;

/** Seconds that audio lies behind video. */
const distance = (aPts: number, vPts: number): number => aPts / 8000 - vPts / 90000;

test('unwraps timestamps and lets them step back', () => {
  const track = new MediaClock().addTrack(video);
  assert.equal(track.pts(0xffff_ff00, 1000), 0);
  assert.equal(track.pts(0x0000_0f00, 1040), 0x1000);
  assert.equal(track.pts(0xffff_ff80, 1041), 0x80);
  let pts = 0;
  for (let i = 0; i < 200_000; i++) pts = track.pts((i * 90000) >>> 0, 0);
  assert.equal(pts, 0x100 + 199_999 * 90000);
});

test('the RTP clock need not be that of the codec', () => {
  const track = new MediaClock().addTrack({ kind: 'audio', clockRate: 8000, timeBase: 16000 });
  assert.equal(track.pts(500, 0), 0);
  assert.equal(track.pts(660, 20), 320);
});

test('tracks are anchored by arrival when nothing else is known', () => {
  const clock = new MediaClock();
  assert.equal(clock.addTrack(video).pts(123456, 5100), 0);
  assert.equal(clock.addTrack(audio).pts(99, 5300), 1600);
});

test('RTP-Info is taken where it is credible', () => {
  const clock = new MediaClock();
  const [v, a, wrong] = [clock.addTrack(video), clock.addTrack(audio), clock.addTrack(audio)];
  v.rtpTime = 1000;
  a.rtpTime = 0xffff_fff0;
  wrong.rtpTime = 0;
  assert.equal(v.pts(10_000, 700), 9000);
  assert.equal(a.pts(144, 1100), 160);
  assert.equal(wrong.pts(123_456_789, 1000), 2400);
});

test('sender reports that are there first anchor a track', () => {
  const clock = new MediaClock();
  const [v, a] = [clock.addTrack(video), clock.addTrack(audio)];
  v.senderReport(WALL, 90_000);
  const vPts = v.pts(90_000, 10);
  a.senderReport(WALL - 500, 8000);
  assert.equal(distance(a.pts(12_000, 400), vPts), 0);
  assert.equal(a.wallMs(), WALL);
  assert.equal(v.wallMs(), WALL);
});

/** Plays both tracks for some seconds; audio was anchored `late` seconds too late. */
function play(
  seconds: number,
  late: number,
  reports: (v: TrackClock, a: TrackClock, second: number) => void,
) {
  const clock = new MediaClock();
  const [v, a] = [clock.addTrack(video), clock.addTrack(audio)];
  const audioSteps: number[] = [];
  const videoSteps: number[] = [];
  let vPts = v.pts(0, 1000);
  let aPts = a.pts(0, 1000 + late * 1000);
  for (let frame = 1; frame <= seconds * 25; frame++) {
    if (frame % 125 === 2) reports(v, a, frame / 25);
    const next = v.pts(frame * 3600, 0);
    videoSteps.push(next - vPts);
    vPts = next;
    for (let i = 1; i <= 2; i++) {
      const next = a.pts((frame - 1) * 320 + i * 160, 0);
      audioSteps.push(next - aPts);
      aPts = next;
    }
  }
  return { distance: distance(aPts, vPts), audioSteps, videoSteps };
}

const honest = (v: TrackClock, a: TrackClock, second: number): void => {
  v.senderReport(WALL + second * 1000, second * 90000);
  a.senderReport(WALL + second * 1000, second * 8000);
};

for (const late of [0.08, -0.07]) {
  test(`audio that was anchored ${late} s late drifts to its place; video stays`, () => {
    assert.ok(Math.abs(play(1, late, () => {}).distance - late) < 0.001);
    const after = play(60, late, honest);
    assert.ok(Math.abs(after.distance) <= 0.011, `left ${after.distance}`);
    assert.deepEqual(new Set(after.videoSteps), new Set([3600]));
    for (const step of after.audioSteps) assert.ok(step >= 158 && step <= 162, `audio step ${step}`);
  });
}

for (const [late, video, audio] of [
  [0.4, [3600 + 0.4 * 90000], []],
  [-0.3, [], [160 + 0.3 * 8000]],
] as const) {
  test(`audio that was anchored ${late} s late is right at once: the track that is early makes one step`, () => {
    const after = play(10, late, honest);
    assert.ok(Math.abs(after.distance) <= 0.011, `left ${after.distance}`);
    assert.deepEqual(
      after.videoSteps.filter((step) => step !== 3600),
      video,
    );
    assert.deepEqual(
      after.audioSteps.filter((step) => step !== 160),
      audio,
    );
  });
}

test('a step of video leaves B-frames in their order', () => {
  const clock = new MediaClock();
  const [v, a] = [clock.addTrack(video), clock.addTrack(audio)];
  a.pts(0, 1000);
  const before = [0, 4, 2].map((frame) => v.pts(frame * 3600, 1000));
  v.senderReport(WALL + 500, 0);
  a.senderReport(WALL, 0);
  const after = [1, 3, 8, 6, 5, 7].map((frame) => v.pts(frame * 3600, 1000));
  assert.deepEqual(before, [0, 14_400, 7200]);
  assert.deepEqual(after, [3600, 10_800, 73_800, 66_600, 63_000, 70_200]);
});

test('a difference that can not be real is not believed, nor jitter followed', () => {
  const lying = play(30, 0.1, (v, a, second) => {
    v.senderReport(WALL + second * 1000, second * 90000);
    a.senderReport(WALL + 60_000 + second * 1000, second * 8000);
  });
  assert.ok(Math.abs(lying.distance - 0.1) < 0.001);
  const jitter = play(30, 0, (v, a, second) => {
    v.senderReport(WALL + second * 1000, second * 90000);
    a.senderReport(WALL + second * 1000 + (Math.floor(second) % 2 ? 8 : -8), second * 8000);
  });
  assert.deepEqual(new Set(jitter.audioSteps), new Set([160]));
});

test('the wall clock follows the camera, unless it was never set or jumped', () => {
  const track = new MediaClock().addTrack(video);
  track.pts(0, 0);
  assert.equal(track.wallMs(), undefined);
  track.senderReport(12_345, 0);
  assert.equal(track.wallMs(), undefined);
  track.senderReport(WALL, 9000);
  track.pts(18_000, 0);
  assert.equal(track.wallMs(), WALL + 100);
  track.pts(18_000 + 90_000 * 3600, 0);
  assert.equal(track.wallMs(), undefined);
});

test('another sender begins where it arrives', () => {
  const clock = new MediaClock();
  const track = clock.addTrack(video);
  track.pts(5000, 1000);
  track.senderReport(WALL, 5000);
  track.restart();
  assert.equal(track.pts(3_000_000_000, 3000), 180_000);
  assert.equal(track.wallMs(), undefined);
});

test('a session that is opened anew goes on where it was', () => {
  const clock = new MediaClock();
  clock.addTrack(video).pts(5000, 1000);
  clock.restart();
  const [v, a] = [clock.addTrack(video), clock.addTrack(audio)];
  v.rtpTime = 77;
  a.rtpTime = 88;
  assert.equal(v.pts(77, 4000), 3 * 90000);
  assert.equal(a.pts(88 + 800, 4900), 3.1 * 8000);
});

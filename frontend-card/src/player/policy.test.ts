import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backoffMs,
  GRACE_MS,
  isSourceFailure,
  judge,
  type Mode,
  parseModes,
  parseServerError,
  planRounds,
  type Racer,
  sentence,
  soundOnly,
} from './policy.ts';

test('sound without a picture: why, where a mode was told', () => {
  const words = 'Only sound comes, no picture that this browser can play.';
  assert.equal(soundOnly([{ mode: 'webrtc', reason: 'This browser has no WebRTC' }]), words);
  assert.equal(
    soundOnly([{ mode: 'webrtc', reason: 'codecs not matched: camera offers hevc' }]),
    `${words} Codecs not matched: camera offers hevc.`,
  );
});

test('modes: order kept, unknown and repeated ones dropped, default when none is left', () => {
  assert.deepEqual(parseModes('mse,webrtc'), ['mse', 'webrtc']);
  assert.deepEqual(parseModes(' MJPEG , rtsp, mjpeg'), ['mjpeg']);
  assert.deepEqual(parseModes('rtsp'), ['webrtc', 'mse', 'hls', 'mp4', 'mjpeg']);
  assert.deepEqual(parseModes(''), ['webrtc', 'mse', 'hls', 'mp4', 'mjpeg']);
});

test('rounds: WebRTC and MSE race, the rest follows one by one', () => {
  const rounds = (text: string) => planRounds(parseModes(text)).map((round) => round.join('+'));
  assert.deepEqual(rounds(''), ['webrtc+mse', 'hls', 'mp4', 'mjpeg']);
  assert.deepEqual(rounds('mse'), ['mse']);
  assert.deepEqual(rounds('mjpeg,mse,webrtc'), ['mjpeg', 'webrtc+mse']);
  assert.deepEqual(rounds('webrtc,webrtc/tcp,mse'), ['webrtc+mse', 'webrtc/tcp']);
  assert.deepEqual(rounds('webrtc/tcp,mp4'), ['webrtc/tcp', 'mp4']);
});

test('the race: the first picture is shown, then WebRTC is preferred unless it lacks the sound', () => {
  type Side = readonly [progress: Racer['progress'], audio?: boolean] | undefined;
  const verdict = (webrtc: Side, mse: Side, waitedMs = 0, wantsAudio = true) => {
    const racers: Racer[] = [];
    if (webrtc) racers.push({ mode: 'webrtc', progress: webrtc[0], audio: webrtc[1] });
    if (mse) racers.push({ mode: 'mse', progress: mse[0], audio: mse[1] });
    const { show, drop } = judge(racers, wantsAudio, waitedMs);
    return `${show ?? '-'} drop:${drop.join()}`;
  };
  assert.equal(verdict(['opening'], ['opening']), '- drop:');
  assert.equal(verdict(['opening'], ['playing', true], 100), 'mse drop:');
  assert.equal(verdict(['opening'], ['playing', true], GRACE_MS), 'mse drop:webrtc');
  assert.equal(verdict(['playing', true], ['playing', true], 100), 'webrtc drop:mse');
  assert.equal(verdict(['playing', true], ['opening']), 'webrtc drop:mse');
  assert.equal(verdict(['playing', true], undefined), 'webrtc drop:');
  assert.equal(verdict(undefined, ['playing', false]), 'mse drop:');
  // WebRTC without sound
  assert.equal(verdict(['playing', false], ['opening']), 'webrtc drop:');
  assert.equal(verdict(['playing', false], ['opening', false]), 'webrtc drop:mse');
  assert.equal(verdict(['playing', false], ['opening'], GRACE_MS), 'webrtc drop:mse');
  assert.equal(verdict(['playing', false], ['playing', true], 100), 'mse drop:webrtc');
  assert.equal(verdict(['playing', false], ['playing', false], 100), 'webrtc drop:mse');
  assert.equal(verdict(['playing', false], ['playing', true], 100, false), 'webrtc drop:mse');
});

test('a camera at fault is told from a mode that does not fit', () => {
  const failures = (...list: [Mode, string][]) => list.map(([mode, reason]) => ({ mode, reason }));
  assert.equal(isSourceFailure([]), false);
  assert.equal(isSourceFailure(failures(['mse', 'no route to host'])), false);
  assert.equal(isSourceFailure(failures(['mse', 'stream not found'])), true);
  assert.equal(isSourceFailure(failures(['webrtc', 'unreachable'], ['mse', 'unreachable'])), true);
  assert.equal(isSourceFailure(failures(['webrtc', 'unreachable'], ['mse', 'timeout'])), false);
  const mismatch = 'camera offers mjpeg; viewer accepts h264';
  assert.equal(isSourceFailure(failures(['webrtc', mismatch], ['mse', mismatch])), false);
});

test('back-off: at once, then doubling up to a quarter of a minute, spread by a fifth', () => {
  assert.equal(backoffMs(1, 0), 0);
  assert.ok(backoffMs(1, 1) <= 200);
  assert.deepEqual(
    [2, 3, 4, 5, 6, 7, 1000].map((attempt) => backoffMs(attempt, 0.5)),
    [1000, 2000, 4000, 8000, 15_000, 15_000, 15_000],
  );
  assert.equal(backoffMs(7, 0), 12_000);
  assert.equal(backoffMs(7, 1), 18_000);
});

test("a server's error names the mode it belongs to", () => {
  assert.deepEqual(parseServerError('mse: stream not found'), { mode: 'mse', text: 'stream not found' });
  assert.deepEqual(parseServerError('webrtc/offer: bad: sdp'), { mode: 'webrtc', text: 'bad: sdp' });
  assert.deepEqual(parseServerError('rtsp://cam: refused'), { mode: '', text: 'rtsp://cam: refused' });
});

test('errors become sentences of bounded length', () => {
  assert.equal(sentence('stream not  found\n'), 'Stream not found.');
  assert.equal(sentence('rtsp://***@cam: connection refused'), 'rtsp://***@cam: connection refused.');
  assert.equal(sentence('Done!'), 'Done!');
  assert.equal(sentence(' '), 'The stream failed.');
  assert.ok(sentence('x'.repeat(5000)).length <= 301);
});

/** ffmpeg as a camera that pushes, and what a viewer of it must be shown. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Decoded } from './ffmpeg.ts';
import { spawnTied } from './run.ts';

/** A moving picture with B-frames and a tone, in real time, as h264 and aac. */
export const LIVE_SOURCE = [
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine'],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-bf', '2'],
  ...['-c:a', 'aac', '-ar', '44100'],
];

/** Pushes it as FLV to an address. */
export function pushFlv(...words: readonly string[]): ChildProcess {
  return spawnTied('ffmpeg', ['-v', 'error', ...LIVE_SOURCE, '-f', 'flv', ...words], { stdio: 'ignore' });
}

/** Ends a program in good order. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
}

/** Moving pictures and sound, monotonic and together, and nothing that ffmpeg complains about. */
export function assertGood({ video, audio, complaints }: Decoded, seconds: number): void {
  assert.deepEqual(complaints, []);
  assert.ok(video.distinct > 20 * seconds, `${video.distinct} pictures in ${seconds} s`);
  assert.ok(audio.times.length > 35 * seconds - 10, `${audio.times.length} sound frames`);
  for (const { times } of [video, audio])
    assert.ok(
      times.every((time, n) => n === 0 || time > times[n - 1]!),
      'times run backwards',
    );
  const apart = Math.abs(video.times[0]! - audio.times[0]!);
  assert.ok(apart < 0.1, `video and audio begin ${apart} s apart`);
  assert.ok(Math.abs(video.times.at(-1)! - audio.times.at(-1)!) < 0.2);
}

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '../../util/log.ts';
import { captureDevices, hardwareEngines, videoSource } from './devices.ts';

const log = createLogger('ffmpeg');
const { signal } = new AbortController();

/** Programs in FFmpeg's place, by their whole text. */
async function withFfmpeg(script: string, use: (binary: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-ffmpeg-'));
  try {
    const binary = join(folder, 'ffmpeg');
    writeFileSync(binary, `#!/bin/sh\n${script}\n`);
    chmodSync(binary, 0o755);
    await use(binary);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('sources of video devices; raw pictures are encoded', () => {
  const sizes = [
    { size: '640x360', rates: [] },
    { size: '1280x720', rates: [] },
  ];
  const mjpeg = videoSource('/dev/video0', {
    inputFormat: 'mjpeg',
    title: 'Motion-JPEG',
    compressed: true,
    sizes,
  });
  assert.deepEqual(mjpeg, {
    name: 'Motion-JPEG',
    info: '640x360 1280x720',
    url: 'ffmpeg:device?video=/dev/video0&input_format=mjpeg&video_size=640x360',
  });
  const raw = videoSource('/dev/video0', {
    inputFormat: 'yuyv422',
    title: 'YUYV',
    compressed: false,
    sizes: [],
  });
  assert.equal(raw.url, 'ffmpeg:device?video=/dev/video0&input_format=yuyv422#video=h264#hardware');
});

test('the default microphone is told where FFmpeg can read it', async () => {
  await withFfmpeg('case "$*" in *"-f alsa -i default"*) exit 0;; esac; exit 1', async (binary) => {
    const sources = await captureDevices({ binary, log, signal });
    assert.ok(sources.some(({ name, url }) => name === 'ALSA default' && url?.includes('audio=default')));
  });
  await withFfmpeg('exit 1', async (binary) => {
    const sources = await captureDevices({ binary, log, signal });
    assert.ok(sources.every(({ name }) => name !== 'ALSA default'));
  });
});

test('engines are tried', async () => {
  await withFfmpeg('case "$*" in *nvenc*|*v4l2m2m*) exit 0;; esac; exit 1', async (binary) => {
    const engines = await hardwareEngines({ binary, log, signal });
    assert.deepEqual(
      engines.map(({ name }) => name),
      ['OK', 'ERROR'],
    );
    assert.match(engines[0]?.url ?? '', /^ffmpeg:\.\.\.#video=h264#hardware=\w+$/);
  });
});

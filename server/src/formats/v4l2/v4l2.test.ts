/** Video devices: what they are asked for, what their tools print, and a program in FFmpeg's place that gives pictures. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Packet } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import { openCommand } from '../exec/producer.ts';
import type { OpenContext, Services } from '../format.ts';
import { openSource } from '../open.ts';
import { parseSourceText } from '../source-text.ts';
import { sourcesOf, videoDevices } from './discovery.ts';
import { listFormats, parseFfmpegFormats, parseV4l2Ctl } from './list.ts';
import { captureCommand, parseVideoDevice } from './options.ts';

/** v4l2-ctl 1.26 with a USB camera. */
const V4L2_CTL = `ioctl: VIDIOC_ENUM_FMT
	Type: Video Capture

	[0]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 1280x720
			Interval: Discrete 0.033s (30.000 fps)
			Interval: Discrete 0.040s (25.000 fps)
		Size: Discrete 640x480
			Interval: Discrete 0.033s (30.000 fps)
	[1]: 'YUYV' (YUYV 4:2:2)
		Size: Discrete 640x480
			Interval: Discrete 0.067s (15.000 fps)
	[2]: 'BA81' (8-bit Bayer BGBG/GRGR)
		Size: Discrete 320x240
			Interval: Discrete 0.033s (30.000 fps)
	[3]: 'H264' (H.264, compressed)
		Size: Stepwise 32x32 - 1920x1080 with step 2/2
`;
/** FFmpeg 5.1 with the same camera, and with a Raspberry Pi's. */
const FFMPEG = `[video4linux2,v4l2 @ 0x5581d7d4d6c0] Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480
[video4linux2,v4l2 @ 0x5581d7d4d6c0] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480
[video4linux2,v4l2 @ 0x5581d7d4d6c0] Raw       : Unsupported :  8-bit Bayer BGBG/GRGR : 320x240
[video4linux2,v4l2 @ 0x1f0f190] Compressed:        h264 :                H.264 : {32-1920, 2}x{32-1080, 2}
/dev/video0: Immediate exit requested
`;

test('formats and sizes that v4l2-ctl and FFmpeg tell', () => {
  assert.deepEqual(parseV4l2Ctl(V4L2_CTL), [
    {
      inputFormat: 'mjpeg',
      title: 'Motion-JPEG',
      compressed: true,
      sizes: [
        { size: '1280x720', rates: [30, 25] },
        { size: '640x480', rates: [30] },
      ],
    },
    {
      inputFormat: 'yuyv422',
      title: 'YUYV 4:2:2',
      compressed: false,
      sizes: [{ size: '640x480', rates: [15] }],
    },
    { inputFormat: 'h264', title: 'H.264', compressed: true, sizes: [{ size: '1920x1080', rates: [] }] },
  ]);
  assert.deepEqual(
    parseFfmpegFormats(FFMPEG).map(({ inputFormat, compressed, sizes }) => [
      inputFormat,
      compressed,
      sizes.map(({ size }) => size).join(),
    ]),
    [
      ['mjpeg', true, '1280x720,640x480'],
      ['yuyv422', false, '640x480'],
      ['h264', true, '1920x1080'],
    ],
  );
  for (const garbage of ['', 'x', "[0]: 'MJPG' (", '] Raw : x : y : {'])
    assert.deepEqual([...parseV4l2Ctl(garbage), ...parseFfmpegFormats(garbage)], []);
});

test('sources of a device are ones that can be opened', () => {
  const sources = parseV4l2Ctl(V4L2_CTL).flatMap((format) => sourcesOf('/dev/video0', format));
  assert.deepEqual(sources[0], {
    name: 'Motion-JPEG',
    info: '/dev/video0, 1280x720, 30 25 fps',
    url: 'v4l2:device?video=/dev/video0&input_format=mjpeg&video_size=1280x720&framerate=30',
  });
  assert.equal(sources.length, 4);
  for (const { url = '' } of sources) parseVideoDevice(parseSourceText(url).rest);
});

test('the command', () => {
  const device = parseVideoDevice('device?video=3&input_format=nv12&video_size=640x480&framerate=15');
  const command = captureCommand('ffmpeg', device).join(' ');
  assert.match(command, /-f v4l2 -input_format nv12 -video_size 640x480 -framerate 15 -i \/dev\/video3 /);
  assert.match(command, /-pix_fmt yuv420p -f yuv4mpegpipe .*-$/);
  for (const rest of [
    '',
    'device?video=-i',
    'device?video=/dev/sda',
    'device?x=1',
    'device?input_format=bayer',
  ])
    assert.throws(() => parseVideoDevice(rest), { code: 'invalid_source' }, rest);
});

function contextWith(section: Record<string, unknown>): OpenContext {
  const services = {
    streams: new Streams(() => Promise.reject(new Error('unused'))),
    section: () => section,
  } as Partial<Services> as Services;
  return { stream: 'x', signal: new AbortController().signal, log: createLogger('v4l2'), services };
}

test('without a device the error says so', async () => {
  const missing = openSource('v4l2:device?video=/dev/video997', contextWith({}), false);
  await assert.rejects(missing, { code: 'not_found', message: /no such video device: \/dev\/video997$/ });
  assert.deepEqual(await videoDevices('/nonexistent'), []);
});

/** FFmpeg that has a camera: the options of the device make way for a test picture, which is encoded as asked. */
const FAKE_FFMPEG = `#!/bin/sh
case "$*" in *-list_formats*) printf '%s' "$LISTED" >&2; exit 1;; esac
while [ "$1" != -i ]; do shift; done; shift 2
[ "$2 $3" = "-c copy" ] && { format=$5; set -- -c:v $(echo $format | sed 's/h264/libx264 -g 5/'); set -- "$@" -f $format -flush_packets 1 -; }
exec ffmpeg -v error -re -f lavfi -i testsrc2=size=320x240:rate=25 "$@"
`;

for (const [inputFormat, codec] of [
  ['mjpeg', 'mjpeg'],
  ['h264', 'h264'],
  ['yuyv422', 'rawvideo'],
] as const)
  test(`pictures come as ${inputFormat}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-v4l2-'));
    try {
      const binary = join(folder, 'ffmpeg');
      writeFileSync(binary, FAKE_FFMPEG);
      chmodSync(binary, 0o755);
      const source = parseSourceText(`v4l2:device?input_format=${inputFormat}`);
      const command = captureCommand(binary, parseVideoDevice(source.rest));
      const producer = await openCommand(command, source, contextWith({}));
      assert.equal(producer.tracks[0]?.codec.name, codec);
      const stop = new AbortController();
      const packets: Packet[] = [];
      await producer.run((packet) => {
        if (packets.push(packet) === 5) stop.abort();
      }, stop.signal);
      assert.ok(packets.length >= 5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

test('formats are listed by v4l2-ctl, or by FFmpeg where it is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-v4l2-'));
  const { PATH } = process.env;
  try {
    const binary = join(folder, 'ffmpeg');
    writeFileSync(binary, FAKE_FFMPEG);
    chmodSync(binary, 0o755);
    process.env.LISTED = FFMPEG;
    const { log, signal } = contextWith({});
    assert.equal((await listFormats('/dev/video0', binary, { log, signal })).length, 3);
    const tool = join(folder, 'v4l2-ctl');
    writeFileSync(
      tool,
      `#!/bin/sh\n[ "$*" = "--device /dev/video0 --list-formats-ext" ] && printf '%s' "$LISTED"\n`,
    );
    chmodSync(tool, 0o755);
    process.env.LISTED = V4L2_CTL;
    process.env.PATH = `${folder}:${PATH}`;
    assert.deepEqual(await listFormats('/dev/video0', binary, { log, signal }), parseV4l2Ctl(V4L2_CTL));
  } finally {
    process.env.PATH = PATH;
    delete process.env.LISTED;
    rmSync(folder, { recursive: true });
  }
});

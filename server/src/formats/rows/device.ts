/** Rows of what is plugged into this machine. */
import type { Format } from '../format.ts';
import { select, text } from './fields.ts';

export const DEVICE_FORMATS: readonly Format[] = [
  {
    name: 'v4l2',
    title: 'Camera at this machine (Video for Linux)',
    group: 'device',
    schemes: ['v4l2'],
    example: 'v4l2:device?video=/dev/video0&input_format=mjpeg&video_size=1280x720&framerate=30',
    receives: ['mjpeg', 'h264', 'hevc', 'rawvideo'],
    form: {
      fields: [
        text('device', 'Device', { required: true, default: '/dev/video0' }),
        select('format', 'Format', ['', 'h264', 'hevc', 'mjpeg', 'yuyv422']),
        text('size', 'Size, such as 1280x720'),
        text('rate', 'Pictures a second', { type: 'number' }),
      ],
      template: 'v4l2:device?video={+device}[&input_format={format}][&video_size={size}][&framerate={rate}]',
    },
    scan: { kind: 'usb', load: () => import('../v4l2/scan.ts') },
    producer: () => import('../v4l2/producer.ts'),
    discovery: () => import('../v4l2/discovery.ts'),
  },
  {
    name: 'alsa',
    title: 'Microphone or loudspeaker at this machine (ALSA)',
    group: 'device',
    schemes: ['alsa'],
    example: 'alsa:device?audio=/dev/snd/pcmC0D0c',
    receives: ['pcm_s16le'],
    form: {
      fields: [text('device', 'Device', { required: true, default: '/dev/snd/pcmC0D0c' })],
      template: 'alsa:device?audio={+device}',
    },
    scan: { kind: 'usb', load: () => import('../alsa/scan.ts') },
    producer: () => import('../alsa/producer.ts'),
    discovery: () => import('../alsa/discovery.ts'),
  },
];

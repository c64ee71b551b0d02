/** Rows of what is plugged into this machine. */
import type { Format } from '../format.ts';

export const DEVICE_FORMATS: readonly Format[] = [
  {
    name: 'v4l2',
    title: 'Camera at this machine (Video for Linux)',
    group: 'device',
    schemes: ['v4l2'],
    example: 'v4l2:device?video=/dev/video0&input_format=mjpeg&video_size=1280x720&framerate=30',
    receives: ['mjpeg', 'h264', 'hevc', 'rawvideo'],
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
    producer: () => import('../alsa/producer.ts'),
    discovery: () => import('../alsa/discovery.ts'),
  },
];

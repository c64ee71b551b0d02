/**
 * The table of formats: one row each. Schemes, `/api/schemes`, byte-format detection, `/api/stream.*`, docs/formats.md
 * and the tests derive from it. Nothing registers itself by being imported; modules load when first used.
 */
import type { Format } from './format.ts';

export const FORMATS: readonly Format[] = [
  {
    name: 'rtsp',
    title: 'RTSP camera, NVR or server',
    group: 'camera',
    schemes: ['rtsp', 'rtsps', 'rtspx'],
    example: 'rtsp://user:password@192.168.1.10:554/stream1',
    receives: ['h264', 'hevc', 'mjpeg', 'aac', 'opus', 'pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'adpcm_g722', 'mp3'],
    sends: ['h264', 'hevc', 'mjpeg', 'aac', 'opus', 'pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'adpcm_g722', 'mp3'],
    producer: () => import('./rtsp/producer.ts'),
  },
  {
    name: 'stream',
    title: 'Another stream of this server',
    group: 'program',
    schemes: ['stream'],
    example: 'stream:front_door',
    producer: () => import('./stream/producer.ts'),
  },
];

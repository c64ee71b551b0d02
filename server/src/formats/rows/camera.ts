/** Rows of cameras: what a camera or recorder speaks by itself. */
import type { Format } from '../format.ts';
import { RTP_CODECS } from './codecs.ts';

export const CAMERA_FORMATS: readonly Format[] = [
  {
    name: 'rtsp',
    title: 'RTSP camera, NVR or server',
    group: 'camera',
    schemes: ['rtsp', 'rtsps', 'rtspx'],
    example: 'rtsp://user:password@192.168.1.10:554/stream1',
    receives: RTP_CODECS,
    sends: RTP_CODECS,
    producer: () => import('../rtsp/producer.ts'),
    publisher: () => import('../rtsp/publisher.ts'),
  },
  {
    name: 'onvif',
    title: 'ONVIF camera, its stream found by itself',
    group: 'camera',
    schemes: ['onvif'],
    example: 'onvif://user:password@192.168.1.10',
    receives: RTP_CODECS,
    producer: () => import('../onvif/producer.ts'),
    discovery: () => import('../onvif/discovery.ts'),
    service: () => import('../onvif/service.ts'),
    events: () => import('../onvif/events.ts'),
    ptz: () => import('../onvif/ptz.ts'),
  },
];

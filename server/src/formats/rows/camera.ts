/** Rows of cameras: what a camera or recorder speaks by itself. */
import type { Format } from '../format.ts';
import { RTP_CODECS } from './codecs.ts';
import { HOST, PASSWORD, PATH, port, select, text, USERNAME } from './fields.ts';

export const CAMERA_FORMATS: readonly Format[] = [
  {
    name: 'rtsp',
    title: 'RTSP camera, NVR or server',
    group: 'camera',
    schemes: ['rtsp', 'rtsps', 'rtspx'],
    example: 'rtsp://user:password@192.168.1.10:554/stream1',
    receives: RTP_CODECS,
    sends: RTP_CODECS,
    form: {
      fields: [
        HOST,
        port(554),
        USERNAME,
        PASSWORD,
        PATH,
        select('transport', 'Transport', ['', 'tcp', 'udp']),
      ],
      template: 'rtsp://[{username}:{password}@]{host}[:{port}]{+path}[#transport={transport}]',
    },
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
    form: {
      fields: [
        HOST,
        port(80),
        USERNAME,
        PASSWORD,
        text('subtype', 'Profile: its number, from 0, or its name'),
      ],
      template: 'onvif://[{username}:{password}@]{host}[:{port}][?subtype={subtype}]',
    },
    scan: { kind: 'onvif', load: () => import('../onvif/scan.ts') },
    producer: () => import('../onvif/producer.ts'),
    discovery: () => import('../onvif/discovery.ts'),
    service: () => import('../onvif/service.ts'),
    events: () => import('../onvif/events.ts'),
    ptz: () => import('../onvif/ptz.ts'),
  },
  {
    name: 'mdns',
    title: 'Cameras that announce themselves by multicast DNS',
    group: 'camera',
    scan: { kind: 'mdns', load: () => import('../mdns/scan.ts') },
  },
  {
    name: 'dvrip',
    title: 'XMeye cameras and recorders (DVRIP), found and added by ONVIF',
    group: 'camera',
    scan: { kind: 'dvrip', load: () => import('../dvrip/scan.ts') },
  },
];

/** Rows of what comes over a network, or goes out by it. */
import type { Format } from '../format.ts';
import { ALL_CODECS, MPEGTS_CODECS } from './codecs.ts';
import { HOST, PASSWORD, PATH, port, select, text, USERNAME } from './fields.ts';

/** Whether there is a Home Assistant whose cameras can be listed. */
const isHassKnown = ({ url, token }: Readonly<Record<string, unknown>>): boolean =>
  Boolean((url && token) || process.env.SUPERVISOR_TOKEN);

export const NETWORK_FORMATS: readonly Format[] = [
  {
    name: 'rtmp',
    title: 'RTMP server or camera; our own RTMP server',
    group: 'network',
    schemes: ['rtmp', 'rtmps', 'rtmpx'],
    example: 'rtmp://192.168.1.10/live/stream',
    receives: ['h264', 'hevc', 'av1', 'aac', 'mp3', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    sends: ['h264', 'hevc', 'aac', 'mp3'],
    form: {
      fields: [HOST, port(1935), { ...PATH, required: true, default: '/live/stream' }],
      template: 'rtmp://{host}[:{port}]{+path}',
    },
    producer: () => import('../rtmp/producer.ts'),
    publisher: () => import('../rtmp/publisher.ts'),
    service: () => import('../rtmp/service.ts'),
  },
  {
    name: 'webrtc',
    title: 'WebRTC server or camera: WHEP, another server of this kind, several clouds; WHIP to publish',
    group: 'network',
    schemes: ['webrtc'],
    example: 'webrtc:https://user:password@192.168.1.10/camera/whep',
    receives: ['h264', 'hevc', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    sends: ['h264', 'hevc', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    form: {
      fields: [
        text('url', 'Address: http:// (WHEP) or ws://', { required: true }),
        select('format', 'Kind', [
          ...['', 'whep', 'go2rtc', 'kinesis', 'switchbot', 'wyze', 'creality', 'openipc', 'milestone'],
        ]),
      ],
      template: 'webrtc:{+url}[#format={format}]',
    },
    producer: () => import('../webrtc/producer.ts'),
    publisher: () => import('../webrtc/publisher.ts'),
  },
  {
    name: 'hls',
    title: 'HTTP Live Streaming: live and VOD, MPEG-TS and fMP4, AES-128; out with low latency',
    group: 'network',
    example: 'https://user:password@192.168.1.10/live/index.m3u8',
    receives: ['h264', 'hevc', 'av1', 'aac', 'mp3', 'opus'],
    sends: ['h264', 'hevc', 'av1', 'vp9', 'aac', 'mp3', 'opus', 'flac'],
    mimeTypes: ['application/vnd.apple.mpegurl', 'application/x-mpegurl', 'audio/mpegurl', 'audio/x-mpegurl'],
  },
  {
    name: 'webtorrent',
    title: 'Stream that somebody shares by a link',
    group: 'network',
    schemes: ['webtorrent'],
    example: 'webtorrent:?share=XfWqbIhwJG&pwd=8EvBeyzZr4',
    receives: ['h264', 'hevc', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    form: {
      fields: [text('share', 'Share', { required: true }), { ...PASSWORD, name: 'pwd', required: true }],
      template: 'webtorrent:?share={share}&pwd={pwd}',
    },
    producer: () => import('../webtorrent/producer.ts'),
  },
  {
    name: 'hass',
    title: 'Camera of Home Assistant',
    group: 'network',
    schemes: ['hass'],
    example: 'hass://supervisor?entity_id=camera.front_door',
    receives: ['h264', 'hevc', 'mjpeg', 'aac', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    form: {
      fields: [
        { ...HOST, default: 'supervisor' },
        { ...port(8123), default: '' },
        text('entity_id', 'Entity', { required: true, default: 'camera.front_door' }),
        { ...PASSWORD, name: 'token', title: 'Long-lived access token' },
      ],
      template: 'hass://{host}[:{port}]?entity_id={entity_id}[&token={token}]',
    },
    scan: {
      kind: 'homeassistant',
      available: (services) => isHassKnown(services.section('hass')),
      load: () => import('../hass/scan.ts'),
    },
    producer: () => import('../hass/producer.ts'),
    discovery: () => import('../hass/discovery.ts'),
  },
  {
    name: 'http',
    title: 'HTTP stream or snapshot, recognised by its content',
    group: 'network',
    schemes: ['http', 'https', 'httpx'],
    example: 'http://user:password@192.168.1.10/video.mjpg',
    receives: ALL_CODECS,
    form: {
      fields: [
        select('scheme', 'Protocol', ['http', 'https', 'httpx']),
        ...[HOST, { ...port(80), default: '' }, USERNAME, PASSWORD, PATH],
      ],
      template: '{scheme}://[{username}:{password}@]{host}[:{port}]{+path}',
    },
    producer: () => import('../http/producer.ts'),
  },
  {
    name: 'tcp',
    title: 'TCP stream, recognised by its first bytes',
    group: 'network',
    schemes: ['tcp'],
    example: 'tcp://192.168.1.10:5000',
    receives: ALL_CODECS,
    form: {
      fields: [HOST, { ...port(5000, true), default: '' }],
      template: 'tcp://{host}:{port}',
    },
    producer: () => import('../tcp/producer.ts'),
  },
  {
    name: 'udp',
    title: 'MPEG transport stream over UDP, to this machine or to a multicast group',
    group: 'network',
    schemes: ['udp'],
    example: 'udp://239.0.0.1:1234',
    receives: MPEGTS_CODECS,
    form: {
      fields: [
        { ...HOST, title: 'Multicast group, or 0.0.0.0 for this machine', default: '0.0.0.0' },
        { ...port(1234, true), default: '1234' },
      ],
      template: 'udp://{host}:{port}',
    },
    producer: () => import('../udp/producer.ts'),
  },
];

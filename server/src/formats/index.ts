/**
 * The table of formats: one row each. Schemes, `/api/schemes`, byte-format detection, `/api/stream.*`, docs/formats.md
 * and the tests derive from it. Nothing registers itself by being imported; modules load when first used.
 *
 * Byte formats are recognised in this order.
 */
import type { Format } from './format.ts';

const RTP_CODECS = [
  'h264',
  'hevc',
  'mjpeg',
  'aac',
  'opus',
  'pcm_alaw',
  'pcm_mulaw',
  'pcm_s16be',
  'adpcm_g722',
  'mp3',
];
const PCM_CODECS = ['pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'pcm_s16le'];
const BYTE_FORMATS = ['h264', 'hevc', 'mjpeg', 'aac', 'pcm_alaw', 'pcm_mulaw', 'pcm_s16le'];
const MP4_CODECS = [
  'h264',
  'hevc',
  'av1',
  'vp8',
  'vp9',
  'mjpeg',
  'aac',
  'opus',
  'flac',
  'mp3',
  ...PCM_CODECS,
];
/** What an MP4 begins with. */
const MP4_BOXES = ['ftyp', 'styp', 'moov', 'moof'];

const AUDIO_CODECS = [
  'aac',
  'opus',
  'mp3',
  'flac',
  'adpcm_g722',
  'pcm_alaw',
  'pcm_mulaw',
  'pcm_s16be',
  'pcm_s16le',
];

/** First NAL unit type behind an Annex B start code, as its raw first byte; -1 if the bytes do not begin with one. */
function firstNalByte(head: Buffer): number {
  const start = head.indexOf('000001', 0, 'hex');
  return start === 0 || start === 1 ? (head[start + 3] ?? -1) : -1;
}

export const FORMATS: readonly Format[] = [
  {
    name: 'rtsp',
    title: 'RTSP camera, NVR or server',
    group: 'camera',
    schemes: ['rtsp', 'rtsps', 'rtspx'],
    example: 'rtsp://user:password@192.168.1.10:554/stream1',
    receives: RTP_CODECS,
    sends: RTP_CODECS,
    producer: () => import('./rtsp/producer.ts'),
    publisher: () => import('./rtsp/publisher.ts'),
  },
  {
    name: 'rtmp',
    title: 'RTMP server or camera, pulled by FFmpeg',
    group: 'network',
    schemes: ['rtmp', 'rtmps', 'rtmpx'],
    example: 'rtmp://192.168.1.10/live/stream',
    receives: ['h264', 'hevc', 'aac'],
    producer: () => import('./rtmp/producer.ts'),
  },
  {
    name: 'http',
    title: 'HTTP stream or snapshot, recognised by its content',
    group: 'network',
    schemes: ['http', 'https', 'httpx'],
    example: 'http://user:password@192.168.1.10/video.mjpg',
    receives: BYTE_FORMATS,
    producer: () => import('./http/producer.ts'),
  },
  {
    name: 'tcp',
    title: 'TCP stream, recognised by its first bytes',
    group: 'network',
    schemes: ['tcp'],
    example: 'tcp://192.168.1.10:5000',
    receives: BYTE_FORMATS,
    producer: () => import('./tcp/producer.ts'),
  },
  {
    name: 'ffmpeg',
    title: 'Anything that FFmpeg reads, transcoded on request',
    group: 'program',
    schemes: ['ffmpeg'],
    example: 'ffmpeg:front_door#video=h264#audio=opus',
    receives: RTP_CODECS,
    producer: () => import('./ffmpeg/producer.ts'),
  },
  {
    name: 'exec',
    title: 'Output of a program',
    group: 'program',
    schemes: ['exec'],
    example: 'exec:ffmpeg -re -i /media/clip.mp4 -c copy -rtsp_transport tcp -f rtsp {output}',
    unsafe: true,
    receives: RTP_CODECS,
    producer: () => import('./exec/producer.ts'),
  },
  {
    name: 'stream',
    title: 'Another stream of this server',
    group: 'program',
    schemes: ['stream'],
    example: 'stream:front_door',
    producer: () => import('./stream/producer.ts'),
  },
  {
    name: 'mp4',
    title: 'MP4, fragmented or with its index in front',
    group: 'file',
    receives: MP4_CODECS,
    extensions: ['mp4'],
    mimeTypes: ['video/mp4', 'audio/mp4', 'video/quicktime'],
    detect: (head) => MP4_BOXES.includes(head.toString('latin1', 4, 8)),
    demuxer: () => import('./mp4/demuxer.ts'),
  },
  {
    name: 'flv',
    title: 'Flash Video (FLV)',
    group: 'file',
    receives: ['h264', 'hevc', 'av1', 'aac', 'mp3', 'opus', 'pcm_alaw', 'pcm_mulaw'],
    sends: ['h264', 'hevc', 'aac', 'mp3'],
    extensions: ['flv'],
    mimeTypes: ['video/x-flv', 'video/flv'],
    detect: (head) => head.toString('latin1', 0, 3) === 'FLV',
    demuxer: () => import('./flv/demuxer.ts'),
    output: () => import('./flv/output.ts'),
  },
  {
    name: 'mpjpeg',
    title: 'Motion JPEG over HTTP (multipart)',
    group: 'file',
    receives: ['mjpeg'],
    extensions: ['mjpeg'],
    mimeTypes: ['multipart/x-mixed-replace'],
    detect: (head) => /^\s*--\S/.test(head.toString('latin1', 0, 256)),
    demuxer: () => import('./mpjpeg/demuxer.ts'),
  },
  {
    name: 'hevc',
    title: 'HEVC elementary stream',
    group: 'file',
    receives: ['hevc'],
    extensions: ['hevc', 'h265'],
    detect: (head) => [0x40, 0x46].includes(firstNalByte(head)),
    demuxer: () => import('./hevc/demuxer.ts'),
  },
  {
    name: 'h264',
    title: 'H.264 elementary stream',
    group: 'file',
    receives: ['h264'],
    extensions: ['h264'],
    detect: (head) => [7, 9].includes(firstNalByte(head) & 0x9f),
    demuxer: () => import('./h264/demuxer.ts'),
  },
  {
    name: 'adts',
    title: 'AAC with ADTS headers',
    group: 'file',
    receives: ['aac'],
    sends: ['aac'],
    extensions: ['aac', 'adts'],
    mimeTypes: ['audio/aac', 'audio/aacp'],
    detect: (head) => head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0,
    demuxer: () => import('./adts/demuxer.ts'),
    output: () => import('./adts/output.ts'),
  },
  {
    name: 'wav',
    title: 'WAV with PCM, A-law or mu-law',
    group: 'file',
    receives: ['pcm_s16le', 'pcm_alaw', 'pcm_mulaw'],
    extensions: ['wav'],
    mimeTypes: ['audio/wav', 'audio/x-wav', 'audio/wave'],
    detect: (head) => head.toString('latin1', 0, 4) === 'RIFF',
    demuxer: () => import('./wav/demuxer.ts'),
  },
  {
    name: 'mjpeg',
    title: 'JPEG pictures one behind the other',
    group: 'file',
    receives: ['mjpeg'],
    extensions: ['jpeg'],
    mimeTypes: ['image/jpeg', 'image/jpg', 'video/x-motion-jpeg'],
    detect: (head) => (head[0] === 0xff && head[1] === 0xd8) || head.includes('ffd8ffdb', 0, 'hex'),
    demuxer: () => import('./mjpeg/demuxer.ts'),
  },
  {
    name: 'nut',
    title: 'NUT, the container of FFmpeg for pipes',
    group: 'file',
    receives: ['h264', 'hevc', 'av1', 'vp8', 'vp9', 'mjpeg', 'rawvideo', ...AUDIO_CODECS],
    extensions: ['nut'],
    mimeTypes: ['video/x-nut'],
    detect: (head) => head.toString('latin1', 0, 14) === 'nut/multimedia',
    demuxer: () => import('./nut/demuxer.ts'),
  },
  {
    name: 'matroska',
    title: 'Matroska, live',
    group: 'output',
    sends: ['h264', 'hevc', 'av1', 'vp8', 'vp9', 'mjpeg', 'rawvideo', ...AUDIO_CODECS],
    extensions: ['mkv'],
    output: () => import('./matroska/output.ts'),
  },
];

/**
 * What test/e2e/matrix-sources.test.ts proves, as data: which sources come in, and what viewers by RTSP and MP4 get of
 * them. docs/formats.md is made of it. ffmpeg is the peer wherever it can speak the format.
 */
import type { FlashAudio, FlashVideo } from '../fakes/flash-clip.ts';
import type { Cell } from './outputs.ts';

/** How bytes reach the server: it gets them, connects for them, runs a program that writes them, or is sent them. */
export type Transport = 'http' | 'tcp' | 'pipe' | 'post';

export interface ByteFormatCase {
  /** Name in the table of formats. */
  readonly format: string;
  readonly transports: readonly Transport[];
  readonly clip: readonly [video?: FlashVideo, audio?: FlashAudio];
  /** ffmpeg's words that make the bytes of the clip. */
  readonly words: string;
  readonly contentType?: string;
  /** What RTSP and MP4 viewers get. */
  readonly rtsp: Cell;
  readonly mp4: Cell;
  /** Times are those of arrival: the format carries none, or only one kind of track. */
  readonly note?: string;
}

const EVERYWHERE: readonly Transport[] = ['http', 'tcp', 'pipe', 'post'];

export const BYTE_FORMATS: readonly ByteFormatCase[] = [
  {
    format: 'adts',
    transports: EVERYWHERE,
    clip: [undefined, 'aac'],
    words: '-c copy -f adts',
    rtsp: '/aac',
    mp4: '/aac',
  },
  {
    format: 'flv',
    transports: EVERYWHERE,
    clip: ['h264', 'aac'],
    words: '-c copy -f flv',
    rtsp: 'h264/aac',
    mp4: 'h264/aac',
  },
  {
    format: 'h264',
    transports: EVERYWHERE,
    clip: ['h264', 'aac'],
    words: '-map 0:v -c copy -bsf:v h264_mp4toannexb -f h264',
    rtsp: 'h264/',
    mp4: 'h264/',
  },
  {
    format: 'hevc',
    transports: EVERYWHERE,
    clip: ['hevc', 'aac'],
    words: '-map 0:v -c copy -bsf:v hevc_mp4toannexb -f hevc',
    rtsp: 'hevc/',
    mp4: 'hevc/',
  },
  {
    format: 'mjpeg',
    transports: EVERYWHERE,
    clip: ['mjpeg'],
    words: '-c copy -f mjpeg',
    rtsp: 'mjpeg/',
    mp4: 'h264/',
  },
  {
    format: 'mpjpeg',
    transports: EVERYWHERE,
    clip: ['mjpeg'],
    words: '-c copy -f mpjpeg',
    contentType: 'multipart/x-mixed-replace;boundary=ffmpeg',
    rtsp: 'mjpeg/',
    mp4: 'h264/',
  },
  {
    format: 'mp4',
    transports: ['http', 'pipe', 'post'],
    clip: ['h264', 'aac'],
    words: '-c copy -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 200000 -f mp4',
    rtsp: 'h264/aac',
    mp4: 'h264/aac',
  },
  {
    format: 'mp4',
    transports: ['http'],
    clip: ['hevc', 'opus'],
    words: '-c copy -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 200000 -f mp4',
    rtsp: 'hevc/opus',
    mp4: 'hevc/aac',
    note: 'opus → aac',
  },
  {
    format: 'mpegts',
    transports: EVERYWHERE,
    clip: ['h264', 'aac'],
    words: '-c copy -f mpegts',
    rtsp: 'h264/aac',
    mp4: 'h264/aac',
  },
  {
    format: 'mpegts',
    transports: ['http'],
    clip: ['hevc', 'aac'],
    words: '-c copy -mpegts_flags latm -f mpegts',
    rtsp: 'hevc/aac',
    mp4: 'hevc/aac',
    note: 'AAC as LATM',
  },
  {
    format: 'mpegts',
    transports: ['http'],
    clip: ['h264', 'opus'],
    words: '-c copy -f mpegts',
    rtsp: 'h264/opus',
    mp4: 'h264/aac',
    note: 'opus → aac',
  },
  {
    format: 'wav',
    transports: EVERYWHERE,
    clip: [undefined, 'pcm_alaw'],
    words: '-c copy -f wav',
    rtsp: '/pcm_alaw',
    mp4: '/aac',
    note: 'pcm → aac',
  },
  {
    format: 'wav',
    transports: ['http'],
    clip: [undefined, 'pcm_s16le'],
    words: '-c copy -f wav',
    rtsp: '/pcm_s16be',
    mp4: '/aac',
    note: 'pcm → aac',
  },
  {
    format: 'yuv4mpegpipe',
    transports: EVERYWHERE,
    clip: ['mjpeg'],
    words: '-pix_fmt yuv420p -f yuv4mpegpipe',
    rtsp: 'h264/',
    mp4: 'h264/',
    note: 'rawvideo → h264',
  },
];

/** Sources with an address: `{FEED}` is an HTTP address of MPEG-TS (h264 + aac) made by ffmpeg, other words are filled by the test. */
export interface AddressCase {
  readonly format: string;
  readonly title: string;
  readonly source: string;
  readonly rtsp: Cell;
  readonly mp4: Cell;
}

export const ADDRESSES: readonly AddressCase[] = [
  ['http', 'JPEG asked for again and again', '{SERVED}/picture.jpg', 'mjpeg/', 'h264/'],
  ['hls', 'MPEG-TS segments, live', '{SERVED}/hls/live.m3u8', 'h264/aac', 'h264/aac'],
  [
    'hls',
    'fMP4 segments, live, behind a master playlist',
    '{SERVED}/hls-fmp4/master.m3u8',
    'h264/aac',
    'h264/aac',
  ],
  ['udp', 'MPEG-TS', 'udp://127.0.0.1:{UDP}', 'h264/aac', 'h264/aac'],
  ['rtmp', 'pushed by ffmpeg', '', 'h264/aac', 'h264/aac'],
  ['rtmp', 'pulled from a server', 'rtmp://127.0.0.1:{RTMP}/pushed-rtmp', 'h264/aac', 'h264/aac'],
  ['rtsp', 'pushed by ffmpeg', '', 'h264/aac', 'h264/aac'],
  ['webrtc', 'WHEP', 'webrtc:http://127.0.0.1:{API}/api/webrtc?src=feed', 'h264/opus', 'h264/aac'],
  ['webrtc', "go2rtc's WebSocket", 'webrtc:ws://127.0.0.1:{API}/api/ws?src=feed', 'h264/opus', 'h264/aac'],
  ['stream', 'another stream', 'stream:feed', 'h264/aac', 'h264/aac'],
  ['echo', 'an address that a program prints', 'echo:echo {FEED}', 'h264/aac', 'h264/aac'],
  ['expr', 'an address that an expression makes', 'expr:let url = "{FEED}"; url', 'h264/aac', 'h264/aac'],
  [
    'exec',
    'a program that publishes by RTSP',
    'exec:ffmpeg -v error -re -i {CLIP} -c copy -rtsp_transport tcp -f rtsp {output}',
    'h264/aac',
    'h264/aac',
  ],
  ['ffmpeg', 'a file', 'ffmpeg:{CLIP}', 'h264/aac', 'h264/aac'],
].map(([format, title, source, rtsp, mp4]) => ({ format, title, source, rtsp, mp4 }) as AddressCase);

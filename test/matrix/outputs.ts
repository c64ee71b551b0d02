/**
 * What test/e2e/matrix-outputs.test.ts proves, as data: which codecs come out where. docs/formats.md is made of it.
 *
 * A cell is what a viewer of that stream gets there: the codec of the picture and of the sound. What the stream itself
 * does not have was made by the server, which transcodes where a viewer takes none of the stream's codecs.
 */

/** The streams: what their camera sends. */
export const STREAMS = {
  'h264 + aac': { video: 'h264', audio: 'aac' },
  'hevc + aac': { video: 'hevc', audio: 'aac' },
  mjpeg: { video: 'mjpeg', audio: undefined },
  pcm_alaw: { video: undefined, audio: 'pcm_alaw' },
} as const;
export type StreamName = keyof typeof STREAMS;

/** `video/audio`; a missing side is empty; `refused`: an error says that it cannot be. */
export type Cell = `${string}/${string}` | 'refused';

export interface OutputCase {
  readonly title: string;
  /** How ffmpeg is given it: an address of the API, of the RTSP or of the RTMP server. `NAME` stands for the stream. */
  readonly address: string;
  /** ffmpeg's words before the input. */
  readonly options?: readonly string[];
  readonly cells: Readonly<Record<StreamName, Cell>>;
  /** One picture, not a stream. */
  readonly still?: boolean;
  /** Times are those of arrival: the format carries none. */
  readonly untimed?: boolean;
}

const cells = (avc: Cell, hevc: Cell, mjpeg: Cell, pcm: Cell): OutputCase['cells'] => ({
  'h264 + aac': avc,
  'hevc + aac': hevc,
  mjpeg,
  pcm_alaw: pcm,
});
const PLAYER = cells('h264/aac', 'hevc/aac', 'h264/', '/aac');
const PICTURES = (codec: string): OutputCase['cells'] =>
  cells(`${codec}/`, `${codec}/`, `${codec}/`, 'refused');

export const OUTPUTS: readonly OutputCase[] = [
  {
    title: 'RTSP over TCP',
    address: 'rtsp:///NAME',
    options: ['-rtsp_transport', 'tcp'],
    cells: cells('h264/aac', 'hevc/aac', 'mjpeg/', '/pcm_alaw'),
  },
  {
    title: 'RTSP over UDP',
    address: 'rtsp:///NAME',
    options: ['-rtsp_transport', 'udp'],
    cells: cells('h264/aac', 'hevc/aac', 'mjpeg/', '/pcm_alaw'),
  },
  {
    title: 'RTSP, h264 and opus asked for',
    address: 'rtsp:///NAME?video=h264&audio=opus',
    options: ['-rtsp_transport', 'tcp'],
    cells: cells('h264/opus', 'h264/opus', 'h264/', '/opus'),
  },
  { title: 'RTMP', address: 'rtmp:///NAME', cells: cells('h264/aac', 'h264/aac', 'h264/', '/aac') },
  { title: 'MP4', address: '/api/stream.mp4?src=NAME', cells: PLAYER },
  {
    title: 'MP4, FLAC allowed',
    address: '/api/stream.mp4?src=NAME&mp4=flac',
    cells: cells('h264/aac', 'hevc/aac', 'h264/', '/flac'),
  },
  { title: 'MPEG-TS', address: '/api/stream.ts?src=NAME', options: ['-f', 'mpegts'], cells: PLAYER },
  {
    title: 'FLV, h264 and aac asked for',
    address: '/api/stream.flv?src=NAME&video=h264&audio=aac',
    cells: cells('h264/aac', 'h264/aac', 'h264/', '/aac'),
  },
  {
    title: 'Matroska',
    address: '/api/stream.mkv?src=NAME',
    cells: cells('h264/aac', 'hevc/aac', 'mjpeg/', '/pcm_alaw'),
  },
  { title: 'HLS, MPEG-TS', address: '/api/stream.m3u8?src=NAME', cells: PLAYER },
  { title: 'HLS, fMP4', address: '/api/stream.m3u8?src=NAME&mp4', cells: PLAYER },
  {
    title: 'AAC (ADTS)',
    address: '/api/stream.aac?src=NAME',
    cells: cells('/aac', '/aac', 'refused', '/aac'),
    untimed: true,
  },
  { title: 'Motion JPEG', address: '/api/stream.mjpeg?src=NAME', cells: PICTURES('mjpeg'), untimed: true },
  { title: 'YUV4MPEG2', address: '/api/stream.y4m?src=NAME', cells: PICTURES('rawvideo'), untimed: true },
  { title: 'JPEG', address: '/api/frame.jpeg?src=NAME', cells: PICTURES('mjpeg'), still: true },
  {
    title: 'MP4 of one key frame',
    address: '/api/frame.mp4?src=NAME',
    cells: cells('h264/', 'hevc/', 'h264/', 'refused'),
    still: true,
  },
];

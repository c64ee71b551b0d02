/**
 * Named pieces of FFmpeg command lines, as users write them in the `ffmpeg:` section and in `#video=`, `#audio=`,
 * `#input=`, `#raw=`. The config overrides these and adds its own. `{input}`, `{output}`, `{timeout}` are filled in.
 */
import { splitCommandLine } from '../exec/command-line.ts';

const X264 =
  '-c:v libx264 -g 50 -profile:v high -level:v 4.1 -preset:v superfast -tune:v zerolatency -pix_fmt:v yuv420p';
const X265 =
  '-c:v libx265 -g 50 -profile:v main -x265-params level=5.1:high-tier=0 -preset:v superfast -tune:v zerolatency -pix_fmt:v yuv420p';
const RTSP_INPUT = '-fflags nobuffer -flags low_delay -timeout {timeout} -user_agent porthole/ffmpeg';
const OPUS = '-c:a libopus -application:a lowdelay -min_comp 0';

const pcm = (encoder: string, sampleRate: number): string => `-c:a ${encoder} -ar:a ${sampleRate} -ac:a 1`;

export const DEFAULT_TEMPLATES: Readonly<Record<string, string>> = {
  bin: 'ffmpeg',
  global: '-hide_banner',
  timeout: '5',

  file: '-re -i {input}',
  http: '-fflags nobuffer -flags low_delay -i {input}',
  rtsp: `${RTSP_INPUT} -rtsp_flags prefer_tcp -i {input}`,
  'rtsp/udp': `${RTSP_INPUT} -i {input}`,

  output: '-user_agent ffmpeg/porthole -rtsp_transport tcp -f rtsp {output}',
  'output/mjpeg': '-f mjpeg -',
  'output/raw': '-f yuv4mpegpipe -',
  'output/aac': '-f adts -',
  'output/wav': '-f wav -',

  h264: X264,
  h265: X265,
  // Standard Huffman tables: RTP cannot carry others (RFC 2435 §3.1).
  mjpeg: '-c:v mjpeg -huffman:v default',
  raw: '-c:v rawvideo',
  'raw/gray8': '-c:v rawvideo -pix_fmt:v gray8',
  'raw/yuv420p': '-c:v rawvideo -pix_fmt:v yuv420p',
  'raw/yuv422p': '-c:v rawvideo -pix_fmt:v yuv422p',
  'raw/yuv444p': '-c:v rawvideo -pix_fmt:v yuv444p',

  opus: OPUS,
  'opus/16000': `${OPUS} -ar:a 16000 -ac:a 1`,
  pcmu: pcm('pcm_mulaw', 8000),
  'pcmu/8000': pcm('pcm_mulaw', 8000),
  'pcmu/16000': pcm('pcm_mulaw', 16000),
  'pcmu/48000': pcm('pcm_mulaw', 48000),
  pcma: pcm('pcm_alaw', 8000),
  'pcma/8000': pcm('pcm_alaw', 8000),
  'pcma/16000': pcm('pcm_alaw', 16000),
  'pcma/48000': pcm('pcm_alaw', 48000),
  pcm: pcm('pcm_s16be', 8000),
  'pcm/8000': pcm('pcm_s16be', 8000),
  'pcm/16000': pcm('pcm_s16be', 16000),
  'pcm/48000': pcm('pcm_s16be', 48000),
  pcml: pcm('pcm_s16le', 8000),
  'pcml/8000': pcm('pcm_s16le', 8000),
  'pcml/48000': pcm('pcm_s16le', 48000),
  'pcml/16000': pcm('pcm_s16le', 16000),
  'pcml/44100': pcm('pcm_s16le', 44100),
  aac: '-c:a aac',
  'aac/16000': '-c:a aac -ar:a 16000 -ac:a 1',
  mp3: '-c:a libmp3lame -q:a 8',

  'h264/vaapi': '-c:v h264_vaapi -g 50 -bf 0 -profile:v high -level:v 4.1 -sei:v 0',
  'h265/vaapi': '-c:v hevc_vaapi -g 50 -bf 0 -profile:v main -level:v 5.1 -sei:v 0',
  'mjpeg/vaapi': '-c:v mjpeg_vaapi',
  'h264/v4l2m2m': '-c:v h264_v4l2m2m -g 50 -bf 0',
  'h265/v4l2m2m': '-c:v hevc_v4l2m2m -g 50 -bf 0',
  'h264/rkmpp': '-c:v h264_rkmpp -g 50 -bf 0 -profile:v high -level:v 4.1',
  'h265/rkmpp': '-c:v hevc_rkmpp -g 50 -bf 0 -profile:v main -level:v 5.1',
  'mjpeg/rkmpp': '-c:v mjpeg_rkmpp',
  'h264/cuda': '-c:v h264_nvenc -g 50 -bf 0 -profile:v high -level:v auto -preset:v p2 -tune:v ll',
  'h265/cuda': '-c:v hevc_nvenc -g 50 -bf 0 -profile:v main -level:v auto',
  'h264/dxva2': '-c:v h264_qsv -g 50 -bf 0 -profile:v high -level:v 4.1 -async_depth:v 1',
  'h265/dxva2': '-c:v hevc_qsv -g 50 -bf 0 -profile:v main -level:v 5.1 -async_depth:v 1',
  'mjpeg/dxva2': '-c:v mjpeg_qsv',
  'h264/videotoolbox': '-c:v h264_videotoolbox -g 50 -bf 0 -profile:v high -level:v 4.1',
  'h265/videotoolbox': '-c:v hevc_videotoolbox -g 50 -bf 0 -profile:v main -level:v 5.1',
};

/** Templates of the config over the defaults. */
export class Templates {
  readonly #texts: Readonly<Record<string, unknown>>;

  constructor(section: Readonly<Record<string, unknown>>) {
    this.#texts = { ...DEFAULT_TEMPLATES, ...section };
  }

  has(name: string): boolean {
    return name in this.#texts;
  }

  /** The text of a template; a name that is none is a raw piece of command line, and returned as it is. */
  text(name: string): string {
    return this.has(name) ? String(this.#texts[name] ?? '') : name;
  }

  /** Words of a template, or of a raw piece. */
  words(name: string): string[] {
    const text = this.text(name).trim();
    return text ? splitCommandLine(text) : [];
  }
}

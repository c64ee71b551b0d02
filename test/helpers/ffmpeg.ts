/** ffmpeg and ffprobe as judges: what they decode from an input, frame by frame. */
import { run } from './run.ts';

export interface DecodedTrack {
  readonly kind: 'video' | 'audio';
  /** Presentation times in seconds. */
  readonly times: readonly number[];
  /** Different pictures (or sound frames) among them: 1 = frozen. */
  readonly distinct: number;
}

export interface Decoded {
  readonly video: DecodedTrack;
  readonly audio: DecodedTrack;
  /** What ffmpeg complained about (warnings of its own clock left out). */
  readonly complaints: readonly string[];
  readonly code: number | null;
}

const HARMLESS =
  /deprecated pixel format|Guessed Channel Layout|max delay reached|Could not find codec parameters|Consider increasing|Thread message queue|Application provided duration|^\s*$/;

/**
 * Decodes `seconds` of an input; `options` stand before `-i`. The first errors that ffmpeg prints on joining in mid-GOP
 * are complaints like others: callers decide.
 */
export async function decode(
  input: string,
  seconds: number,
  {
    options = [],
    bytes,
    timeoutMs = (seconds + 20) * 1000,
  }: { options?: readonly string[]; bytes?: Buffer; timeoutMs?: number } = {},
): Promise<Decoded> {
  const { code, stdout, stderr } = await run(
    'ffmpeg',
    [
      ...[
        '-hide_banner',
        '-nostats',
        '-v',
        'warning',
        '-copyts',
        ...options,
        '-i',
        input,
        '-t',
        String(seconds),
      ],
      ...[
        '-map',
        '0:v?',
        '-map',
        '0:a?',
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1:90000',
        '-f',
        'framecrc',
        '-',
      ],
    ],
    { timeoutMs, ...(bytes && { input: bytes }) },
  );
  const text = stdout.toString();
  return {
    video: track('video', text),
    audio: track('audio', text),
    complaints: stderr.split('\n').filter((line) => !HARMLESS.test(line)),
    code,
  };
}

/** Reads the framecrc format: `#tb 0: 1/25`, `#media_type 0: video`, `0, dts, pts, duration, size, crc`. */
function track(kind: 'video' | 'audio', text: string): DecodedTrack {
  const index = new RegExp(`^#media_type (\\d+): ${kind}$`, 'm').exec(text)?.[1];
  if (index === undefined) return { kind, times: [], distinct: 0 };
  const [, numerator, denominator] = new RegExp(`^#tb ${index}: (\\d+)/(\\d+)$`, 'm').exec(text)!;
  const rows = text
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter(([stream, , , , , crc]) => stream === index && crc);
  return {
    kind,
    times: rows.map(([, , pts]) => (Number(pts) * Number(numerator)) / Number(denominator)),
    distinct: new Set(rows.map(([, , , , , crc]) => crc)).size,
  };
}

export interface ProbedStream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_rate?: string;
  readonly channels?: number;
}

/** What ffprobe says about the streams of an input. */
export async function probe(
  input: string,
  {
    options = [],
    bytes,
    timeoutMs = 20_000,
  }: { options?: readonly string[]; bytes?: Buffer; timeoutMs?: number } = {},
): Promise<ProbedStream[]> {
  const { stdout, stderr, code } = await run(
    'ffprobe',
    ['-v', 'error', ...options, '-show_streams', '-of', 'json', '-i', input],
    { timeoutMs, ...(bytes && { input: bytes }) },
  );
  if (code !== 0) throw new Error(`ffprobe ${input}: ${stderr}`);
  return (JSON.parse(stdout.toString()) as { streams: ProbedStream[] }).streams;
}

/** Decodes sound to mono samples (-1 … 1) of `rate` Hz. `options` describe raw input, such as `-f alaw -ar 8000`. */
export async function decodeSound(
  bytes: Buffer,
  options: readonly string[],
  rate = 8000,
): Promise<Float32Array> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', ...options, '-i', '-', '-f', 'f32le', '-ac', '1', '-ar', String(rate), '-'],
    { input: bytes },
  );
  return new Float32Array(stdout.buffer, stdout.byteOffset, stdout.length >> 2);
}

/** How much of the sound's energy is at this frequency: near 1 for a pure tone, near 0 for silence or another tone (Goertzel). */
export function tonePurity(samples: Float32Array, hertz: number, rate = 8000): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let s1 = 0;
  let s2 = 0;
  let energy = 0;
  for (const sample of samples) {
    const s0 = sample + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
    energy += sample * sample;
  }
  const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  return energy === 0 ? 0 : (2 * power) / (samples.length * energy);
}

/**
 * ffmpeg as the judge of a whole output: codecs, sizes, times, complaints, and whether sound and picture fit together.
 *
 * The clips flash white and beep in the first fifth of every second (flashClip). Each picture is brought down to one
 * grey pixel, whose value then stands in framecrc's checksum; loudness is measured in steps of 10 ms.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

export interface JudgedTrack {
  readonly codec: string;
  /** Presentation times in seconds. */
  readonly times: readonly number[];
  /** When it flashed, or beeped. */
  readonly signals: readonly number[];
}

export interface Judgement {
  readonly video: (JudgedTrack & { readonly width: number; readonly height: number }) | undefined;
  readonly audio: (JudgedTrack & { readonly sampleRate: number }) | undefined;
  readonly complaints: readonly string[];
  /** Seconds that the sound is behind the picture (median over the signals); NaN where one of them has none. */
  readonly audioDelay: number;
}

/**
 * Said of good live inputs too: guesses of ffmpeg's own, and its wish for more input before it begins. A WebRTC peer that
 * joins late is sent the past pressed together, which looks like a discontinuity.
 */
const HARMLESS =
  /deprecated pixel format|Guessed Channel Layout|max delay reached|Could not find codec parameters|Consider increasing|Thread message queue|Estimating duration from bitrate|Stream HEVC is not hvc1|Opening '|Application provided duration|ignoring invalid SAR|bitrate parameter is set too low|EOI missing, emulating|Found duplicated MOOV Atom|DTS discontinuity in stream/;
const WHITE = 180;
const LOUD_DB = -25;

/** Decodes `seconds` of an input, or the whole of `bytes`. `options` stand before `-i`. */
export async function judge(
  input: string,
  {
    seconds = 600,
    options = [],
    bytes,
    timeoutMs = 40_000,
  }: { seconds?: number; options?: readonly string[]; bytes?: Buffer; timeoutMs?: number },
): Promise<Judgement> {
  const folder = await mkdtemp(join(tmpdir(), 'porthole-judge-'));
  const loudness = join(folder, 'loudness');
  const level = 'lavfi.astats.Overall.RMS_level';
  try {
    const { stdout, stderr } = await run(
      'ffmpeg',
      [
        ...[
          '-hide_banner',
          '-nostats',
          '-v',
          'level+info',
          '-copyts',
          ...options,
          '-t',
          String(seconds),
          '-i',
          input,
        ],
        ...['-map', '0:v?', '-map', '0:a?'],
        ...[
          '-vf',
          'scale=1:1:flags=area,format=gray',
          '-fps_mode',
          'passthrough',
          '-enc_time_base',
          '1:90000',
        ],
        ...[
          '-af',
          `aresample=8000,asetnsamples=n=80:p=0,astats=metadata=1:reset=1,ametadata=mode=print:key=${level}:file=${loudness}`,
        ],
        ...['-f', 'framecrc', '-'],
      ],
      { timeoutMs, ...(bytes && { input: bytes }) },
    );
    const text = stdout.toString();
    const levels = await readFile(loudness, 'utf8').catch(() => '');
    const video = videoOf(text, stderr);
    const audio = audioOf(text, stderr, levels);
    return {
      video,
      audio,
      complaints: stderr
        .split('\n')
        .filter((line) => /\[(warning|error|fatal|panic)\]/.test(line) && !HARMLESS.test(line)),
      audioDelay: delay(video?.signals ?? [], audio?.signals ?? []),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Row {
  readonly seconds: number;
  readonly checksum: string;
}

/** framecrc: `#tb 0: 1/25`, `#media_type 0: video`, then `0, dts, pts, duration, size, checksum`. */
function rowsOf(kind: 'video' | 'audio', text: string): Row[] {
  const index = new RegExp(`^#media_type (\\d+): ${kind}$`, 'm').exec(text)?.[1];
  if (index === undefined) return [];
  const [, numerator, denominator] = new RegExp(`^#tb ${index}: (\\d+)/(\\d+)$`, 'm').exec(text)!;
  return text
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter(([stream, , , , , checksum]) => stream === index && checksum)
    .map(([, , pts, , , checksum]) => ({
      seconds: (Number(pts) * Number(numerator)) / Number(denominator),
      checksum: checksum!,
    }));
}

function videoOf(text: string, stderr: string): Judgement['video'] {
  const [, codec, width, height] =
    /Stream #0:\d+.*?: Video: (\w+).*?, (\d+)x(\d+)[ ,]/.exec(stderr.split('Output #0', 1)[0]!) ?? [];
  if (!codec) return undefined;
  const rows = rowsOf('video', text);
  // Adler-32 from 0 of one byte is that byte, twice.
  const white = rows.map(({ checksum }) => (Number(checksum) & 0xff) > WHITE);
  return {
    codec,
    width: Number(width),
    height: Number(height),
    times: rows.map(({ seconds }) => seconds),
    signals: rows.filter((_, at) => at > 0 && white[at] && !white[at - 1]).map(({ seconds }) => seconds),
  };
}

function audioOf(text: string, stderr: string, levels: string): Judgement['audio'] {
  const [, codec, sampleRate] =
    /Stream #0:\d+.*?: Audio: (\w+).*?, (\d+) Hz/.exec(stderr.split('Output #0', 1)[0]!) ?? [];
  if (!codec) return undefined;
  const steps = [...levels.matchAll(/pts_time:(\S+)\n\S+RMS_level=(\S+)/g)].map(([, seconds, decibels]) => ({
    seconds: Number(seconds),
    loud: Number(decibels) > LOUD_DB,
  }));
  return {
    codec,
    sampleRate: Number(sampleRate),
    times: rowsOf('audio', text).map(({ seconds }) => seconds),
    signals: steps
      .filter(({ loud }, at) => at > 0 && loud && !steps[at - 1]!.loud)
      .map(({ seconds }) => seconds),
  };
}

function delay(flashes: readonly number[], beeps: readonly number[]): number {
  const delays = flashes
    .map((flash) => beeps.map((beep) => beep - flash).sort((a, b) => Math.abs(a) - Math.abs(b))[0])
    .filter((seconds) => seconds !== undefined && Math.abs(seconds) < 0.5)
    .sort((a, b) => a! - b!);
  return delays[delays.length >> 1] ?? Number.NaN;
}

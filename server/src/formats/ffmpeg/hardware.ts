/**
 * Hardware encoders: which engines this machine has, and how a software command line becomes one for an engine.
 * Facts: FFmpeg's hwaccel documentation; option sets as users of go2rtc know them.
 */

import type { Logger } from '../../util/log.ts';
import { startProcess } from '../exec/process.ts';

export type Engine = 'vaapi' | 'cuda' | 'dxva2' | 'videotoolbox' | 'v4l2m2m' | 'rkmpp';

interface EngineRules {
  /** Put before the input. */
  readonly input: readonly string[];
  /** First filter: moves frames to the device, or keeps them there. */
  readonly upload?: string;
  /** Software filter name → the engine's. */
  readonly filters: Readonly<Record<string, string>>;
}

export const ENGINES: Readonly<Record<Engine, EngineRules>> = {
  vaapi: {
    input: [
      '-hwaccel',
      'vaapi',
      '-hwaccel_output_format',
      'vaapi',
      '-hwaccel_flags',
      'allow_profile_mismatch',
    ],
    upload: 'format=vaapi|nv12,hwupload',
    filters: { scale: 'scale_vaapi', transpose: 'transpose_vaapi' },
  },
  cuda: {
    input: ['-hwaccel', 'cuda', '-hwaccel_output_format', 'cuda'],
    filters: { scale: 'scale_cuda' },
  },
  dxva2: {
    input: ['-hwaccel', 'dxva2', '-hwaccel_output_format', 'dxva2_vld'],
    upload: 'hwmap=derive_device=qsv,format=qsv',
    filters: { scale: 'scale_qsv' },
  },
  videotoolbox: {
    input: ['-hwaccel', 'videotoolbox', '-hwaccel_output_format', 'videotoolbox_vld'],
    filters: {},
  },
  v4l2m2m: { input: [], filters: {} },
  rkmpp: {
    input: ['-hwaccel', 'rkmpp', '-hwaccel_output_format', 'drm_prime', '-afbc', 'rga'],
    upload: 'format=drm_prime|nv12,hwupload',
    filters: { scale: 'scale_rkrga', transpose: 'vpp_rkrga=transpose' },
  },
};

/** Filters that have to run on frames in main memory. */
const SOFTWARE_ONLY = /^drawtext=/;

/** The engine's input words and filters for software `filters` (`scale=1280:-1`, `transpose=1` …). */
export function useEngine(
  engine: Engine,
  filters: readonly string[],
): { input: string[]; filters: string[] } {
  const rules = ENGINES[engine];
  const software =
    filters.some((filter) => SOFTWARE_ONLY.test(filter)) ||
    (engine === 'cuda' && filters.some((filter) => filter.startsWith('transpose')));
  if (software) {
    const input = rules.input.filter(
      (word, index) =>
        word !== '-hwaccel_output_format' && rules.input[index - 1] !== '-hwaccel_output_format',
    );
    return { input: [...input], filters: [...filters, 'format=nv12', 'hwupload'] };
  }
  const mapped = filters.map((filter) => {
    const [name = '', ...rest] = filter.split('=');
    const target = rules.filters[name];
    return target ? [target, ...rest].join('=') : filter;
  });
  const upload = rules.upload && (mapped.length > 0 || engine === 'vaapi') ? [rules.upload] : [];
  return { input: [...rules.input], filters: [...upload, ...mapped] };
}

const PROBE_TIMEOUT_MS = 10_000;
const probed = new Map<string, Promise<Engine | undefined>>();

/** The first engine that really encodes H.264 on this machine; tried once per FFmpeg binary. Undefined: software. */
export function probeEngine(binary: string, log: Logger): Promise<Engine | undefined> {
  let result = probed.get(binary);
  if (!result) {
    result = findEngine(binary, log);
    probed.set(binary, result);
  }
  return result;
}

/** Engines that this kind of machine may have, in order of preference. */
const CANDIDATES: readonly Engine[] = process.arch === 'x64' ? ['cuda', 'vaapi'] : ['v4l2m2m', 'rkmpp'];

/** Tries every engine that this kind of machine may have, anew each time. */
export async function probeEngines(
  binary: string,
  log: Logger,
): Promise<{ readonly engine: Engine; readonly works: boolean }[]> {
  const results = [];
  for (const engine of CANDIDATES) results.push({ engine, works: await encodes(binary, engine, log) });
  return results;
}

async function findEngine(binary: string, log: Logger): Promise<Engine | undefined> {
  for (const engine of CANDIDATES) {
    if (await encodes(binary, engine, log)) {
      log.info('hardware encoder found', { engine });
      return engine;
    }
  }
  return undefined;
}

async function encodes(binary: string, engine: Engine, log: Logger): Promise<boolean> {
  const encoder = engine === 'cuda' ? 'h264_nvenc' : `h264_${engine}`;
  const device = engine === 'vaapi' ? ['-init_hw_device', 'vaapi'] : [];
  const upload = engine === 'vaapi' ? ['-vf', 'format=nv12,hwupload'] : [];
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-frames:v', '5'];
  const argv = [binary, '-hide_banner', ...device, ...source, ...upload, '-c:v', encoder, '-f', 'null', '-'];
  try {
    const program = await startProcess(argv, { log });
    program.stdout.resume();
    const timer = setTimeout(() => void program.stop(), PROBE_TIMEOUT_MS);
    const reason = await program.exited;
    clearTimeout(timer);
    return reason.includes('exit code 0');
  } catch {
    return false;
  }
}

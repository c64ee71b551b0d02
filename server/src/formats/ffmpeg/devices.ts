/** What FFmpeg can read at this machine, and which hardware encoders it has: the answers of `/api/ffmpeg/devices` and `/hardware`. */
import { toStreamError } from '../../core/errors.ts';
import type { Logger } from '../../util/log.ts';
import { runProgram } from '../exec/output.ts';
import type { Discovered } from '../format.ts';
import { videoDevices } from '../v4l2/discovery.ts';
import { type DeviceFormat, listFormats } from '../v4l2/list.ts';
import { probeEngines } from './hardware.ts';

interface Asking {
  /** The FFmpeg. */
  readonly binary: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A source for each format of each video device, and one for the default microphone where it can be read. */
export async function captureDevices({ binary, log, signal }: Asking): Promise<Discovered[]> {
  const found: Discovered[] = [];
  for (const path of await videoDevices()) {
    try {
      const formats = await listFormats(path, binary, { log, signal });
      found.push(...formats.map((format) => videoSource(path, format)));
    } catch (error) {
      log.debug('video device', { path, error: toStreamError(error) });
    }
  }
  const input = ['-f', 'alsa', '-i', 'default', '-t', '0.1'];
  const argv = [binary, '-hide_banner', '-nostdin', '-v', 'error', ...input, '-f', 'null', '-'];
  try {
    await runProgram(argv, { log, signal, timeoutMs: 5000, maxBytes: 1 << 16 });
    const url = 'ffmpeg:device?audio=default&channels=1&sample_rate=16000#audio=opus';
    found.push({ name: 'ALSA default', url });
  } catch (error) {
    log.debug('sound device', { error: toStreamError(error) });
  }
  return found;
}

/** Raw pictures are too many bytes to pass on: their source encodes. */
export function videoSource(
  path: string,
  { inputFormat, title, compressed, sizes }: DeviceFormat,
): Discovered {
  const size = sizes[0] ? `&video_size=${sizes[0].size}` : '';
  const encoding = compressed ? '' : '#video=h264#hardware';
  return {
    name: title,
    info: sizes.map((each) => each.size).join(' '),
    url: `ffmpeg:device?video=${path}&input_format=${inputFormat}${size}${encoding}`,
  };
}

/** A source for each engine that this kind of machine may have, called OK or ERROR. */
export async function hardwareEngines({ binary, log }: Asking): Promise<Discovered[]> {
  const engines = await probeEngines(binary, log);
  return engines.map(({ engine, works }) => ({
    name: works ? 'OK' : 'ERROR',
    info: engine,
    url: `ffmpeg:...#video=h264#hardware=${engine}`,
  }));
}

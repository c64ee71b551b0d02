/**
 * A sound device: `alsa:device?audio=/dev/snd/pcmC0D0c` is device 0 of card 0; `c` captures, `p` plays.
 *
 * ALSA's `plughw` stands for the device with whatever conversion of rate, channels and samples it needs.
 */
import type { AudioCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';

export interface SoundDevice {
  readonly path: string;
  /** ALSA's name, `plughw:0,0`. */
  readonly name: string;
  readonly captures: boolean;
}

/** How a sound device is reached: ALSA's own tools, or FFmpeg. */
export type SoundTool = 'alsa-utils' | { readonly ffmpeg: string };

export const CAPTURE_SAMPLE_RATE = 16000;

/** Reads the part behind `alsa:`. Throws StreamError `invalid_source`. */
export function parseSoundDevice(rest: string): SoundDevice {
  const [, path = '', card, device, kind] =
    /^device\?audio=(\/dev\/snd\/pcmC(\d{1,3})D(\d{1,3})([cp]))$/.exec(rest) ?? [];
  if (path === '') throw new StreamError('invalid_source', 'alsa: not device?audio=/dev/snd/pcmC0D0c');
  return { path, name: `plughw:${card},${device}`, captures: kind === 'c' };
}

/** The program that writes what the device hears, as WAV. */
export function captureCommand(tool: SoundTool, { name }: SoundDevice): string[] {
  const rate = String(CAPTURE_SAMPLE_RATE);
  if (tool === 'alsa-utils')
    return ['arecord', '-q', '-D', name, '-f', 'S16_LE', '-r', rate, '-c', '1', '-t', 'wav', '-'];
  return [
    ...[tool.ffmpeg, '-hide_banner', '-v', 'error', '-nostdin', '-f', 'alsa', '-channels', '1'],
    ...['-sample_rate', rate, '-i', name, '-c:a', 'pcm_s16le', '-f', 'wav', '-flush_packets', '1', '-'],
  ];
}

/** The program that plays what it reads. */
export function playCommand(tool: SoundTool, { name }: SoundDevice, codec: AudioCodec): string[] {
  const [rate, channels] = [String(codec.sampleRate), String(codec.channels)];
  const isALaw = codec.name === 'pcm_alaw';
  if (tool === 'alsa-utils') {
    const format = isALaw ? 'A_LAW' : 'S16_LE';
    return ['aplay', '-q', '-D', name, '-t', 'raw', '-f', format, '-r', rate, '-c', channels, '-'];
  }
  return [
    ...[tool.ffmpeg, '-hide_banner', '-v', 'error', '-f', isALaw ? 'alaw' : 's16le', '-ar', rate],
    ...['-ac', channels, '-i', '-', '-f', 'alsa', name],
  ];
}

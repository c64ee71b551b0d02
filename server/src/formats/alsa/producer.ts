/**
 * A microphone or a loudspeaker at this machine (ALSA), through arecord and aplay, or FFmpeg where those are not installed.
 * A microphone is PCM of 16 kHz; a loudspeaker takes PCM or A-law.
 */
import { audioCodec } from '../../codecs/codec.ts';
import { openSpeaker } from '../exec/backchannel.ts';
import { requireDevice } from '../exec/device.ts';
import { isInstalled } from '../exec/find-program.ts';
import { openCommand } from '../exec/producer.ts';
import type { OpenProducer } from '../format.ts';
import {
  CAPTURE_SAMPLE_RATE,
  captureCommand,
  parseSoundDevice,
  playCommand,
  type SoundTool,
} from './options.ts';

export const open: OpenProducer = async (source, context) => {
  const device = parseSoundDevice(source.rest);
  await requireDevice(device.path, 'sound');
  const ffmpeg = String(context.services.section('ffmpeg').bin ?? 'ffmpeg');
  const tool: SoundTool = isInstalled(device.captures ? 'arecord' : 'aplay') ? 'alsa-utils' : { ffmpeg };
  if (device.captures) return openCommand(captureCommand(tool, device), source, context);
  const codecs = [audioCodec('pcm_s16le', CAPTURE_SAMPLE_RATE), audioCodec('pcm_alaw', 8000)];
  return openSpeaker((codec) => playCommand(tool, device, codec), codecs, source, context);
};

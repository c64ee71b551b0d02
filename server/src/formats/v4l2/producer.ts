/**
 * A camera at this machine (Video for Linux 2), read by the system's FFmpeg: compressed pictures as they are, raw ones
 * as YUV4MPEG2.
 */
import { requireDevice } from '../exec/device.ts';
import { openCommand } from '../exec/producer.ts';
import type { OpenProducer } from '../format.ts';
import { captureCommand, parseVideoDevice } from './options.ts';

export const open: OpenProducer = async (source, context) => {
  const device = parseVideoDevice(source.rest);
  await requireDevice(device.path, 'video');
  const binary = String(context.services.section('ffmpeg').bin ?? 'ffmpeg');
  return openCommand(captureCommand(binary, device), source, context);
};

/**
 * Speech for loudspeakers that take AAC only: one FFmpeg per talk, linear PCM in, ADTS out.
 *
 *   microphone → pcm_s16le → ffmpeg -c:a aac -f adts → demuxer → talk of the camera
 */
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import type { Talk } from '../../core/model.ts';
import type { FindTalkEncoder } from '../../core/talk.ts';
import { createLogger, type Logger } from '../../util/log.ts';
import { createDemuxer } from '../adts/demuxer.ts';
import { startProcess } from '../exec/process.ts';

/** Speech that FFmpeg does not take in time is dropped. */
const QUEUE_LIMIT_BYTES = 128 << 10;
const BITRATE = '32k';

/** Finds the encoder for a loudspeaker's codec; `binary` tells which FFmpeg to run. */
export function createTalkEncoders(binary: () => string): FindTalkEncoder {
  return (to) => {
    if (to.name !== 'aac') return undefined;
    const input = audioCodec('pcm_s16le', to.sampleRate, to.channels);
    const start = (talk: Talk, stream: string): Promise<Talk> =>
      startEncoder(binary(), input, to, talk, createLogger('ffmpeg', { stream }));
    return { input, start };
  };
}

async function startEncoder(
  binary: string,
  input: AudioCodec,
  to: AudioCodec,
  talk: Talk,
  log: Logger,
): Promise<Talk> {
  const format = ['-f', 's16le', '-ar', String(input.sampleRate), '-ac', String(input.channels)];
  const argv = [
    ...[
      binary,
      '-hide_banner',
      '-v',
      'error',
      '-probesize',
      '32',
      '-analyzeduration',
      '0',
      ...format,
      '-i',
      'pipe:0',
    ],
    ...['-c:a', 'aac', '-b:a', BITRATE, '-flush_packets', '1', '-f', 'adts', 'pipe:1'],
  ];
  const program = await startProcess(argv, { log }).catch((error) => {
    talk.close();
    throw error;
  });
  const demuxer = createDemuxer();
  const track = { id: 0, codec: to };
  program.stdout.on('data', (bytes: Buffer) =>
    demuxer.push(bytes, (packet) => talk.write({ ...packet, track })),
  );
  let open = true;
  void program.exited.then((reason) => {
    if (open) log.warn('talk encoder ended', { reason });
  });
  return {
    write({ data }) {
      if (program.stdin.writableLength < QUEUE_LIMIT_BYTES) program.stdin.write(data);
    },
    close() {
      open = false;
      talk.close();
      void program.stop();
    },
  };
}

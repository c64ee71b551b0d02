/** A program as a loudspeaker: it is started when somebody talks, and reads raw audio from its standard input. */
import { type AudioCodec, audioCodec } from '../../codecs/codec.ts';
import { codecNamed } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import { createPeer, type Producer } from '../../core/model.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { processSettings } from './options.ts';
import { startProcess } from './process.ts';

const SHORT_NAMES: Readonly<Record<string, string>> = {
  alaw: 'pcm_alaw',
  mulaw: 'pcm_mulaw',
  s16be: 'pcm_s16be',
  s16le: 'pcm_s16le',
};
const DEFAULT_AUDIO = 's16le/16000';
/** Audio that the program does not read in time is dropped: late speech is worse than none. */
const QUEUE_LIMIT_BYTES = 64 << 10;

/** A producer without tracks whose backchannel is the program; `#audio=CODEC/RATE[/CHANNELS]`, by default s16le/16000. */
export async function openSpeaker(
  argv: readonly string[],
  source: SourceText,
  context: OpenContext,
): Promise<Producer> {
  const codec = parseAudio(source.options.get('audio') ?? DEFAULT_AUDIO);
  const peer = createPeer({ format: 'exec', protocol: 'pipe', url: source.url });
  return {
    peer,
    tracks: [],
    backchannel: {
      codecs: [codec],
      async open() {
        const program = await startProcess(argv, processSettings(source, context));
        program.stdout.resume();
        return {
          write({ data }) {
            if (program.stdin.writableLength > QUEUE_LIMIT_BYTES) return;
            program.stdin.write(data);
            peer.bytesSent += data.length;
          },
          close() {
            program.stdin.end();
            const timer = setTimeout(() => void program.stop(), 2000);
            void program.exited.then(() => clearTimeout(timer));
          },
        };
      },
    },
    async run(_write, signal) {
      if (signal.aborted) return;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
}

function parseAudio(text: string): AudioCodec {
  const [short = '', rate = '', channels = '1'] = text.split('/');
  const name = codecNamed(SHORT_NAMES[short] ?? short);
  const sampleRate = Number(rate || 8000);
  const codec = name && audioCodec(name as AudioCodec['name'], sampleRate, Number(channels));
  if (
    !codec ||
    !(sampleRate >= 8000 && sampleRate <= 96000) ||
    !(codec.channels === 1 || codec.channels === 2)
  ) {
    throw new StreamError('invalid_source', `#audio=${text} is not CODEC/RATE[/CHANNELS]`);
  }
  return codec;
}

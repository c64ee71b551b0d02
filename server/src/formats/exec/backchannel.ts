/** A program as a loudspeaker: it is started when somebody talks, and reads raw audio from its standard input. */
import { buildAdtsHeader } from '../../codecs/aac.ts';
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
/** To play what it has read. */
const CLOSE_TIMEOUT_MS = 2000;

/** What `#audio=CODEC/RATE[/CHANNELS]` names, in the order of the options; s16le/16000 by default. Throws StreamError. */
export function speakerCodecs(source: SourceText): AudioCodec[] {
  const texts = source.options.all('audio');
  return (texts.length > 0 ? texts : [DEFAULT_AUDIO]).map(parseAudio);
}

/** A producer without tracks whose backchannel is a program; `command` gives its words for the codec of a talk. */
export async function openSpeaker(
  command: (codec: AudioCodec) => readonly string[],
  codecs: readonly AudioCodec[],
  source: SourceText,
  context: OpenContext,
): Promise<Producer> {
  const peer = createPeer({ format: source.scheme, protocol: 'pipe', url: source.url });
  return {
    peer,
    tracks: [],
    backchannel: {
      codecs,
      async open(codec) {
        const program = await startProcess(command(codec), processSettings(source, context));
        program.stdout.resume();
        void program.exited.then((reason) => context.log.debug('loudspeaker', { reason }));
        return {
          write({ data }) {
            if (program.stdin.writableLength > QUEUE_LIMIT_BYTES) return;
            // Raw access units do not tell where they end; with ADTS they do.
            const header = codec.name === 'aac' ? buildAdtsHeader(codec, data.length) : undefined;
            if (header) program.stdin.write(header);
            program.stdin.write(data);
            peer.bytesSent += data.length;
          },
          close() {
            program.stdin.end();
            const timer = setTimeout(() => void program.stop(), CLOSE_TIMEOUT_MS);
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

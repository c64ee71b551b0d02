/**
 * `ffmpeg:INPUT#options`: the system's FFmpeg as a source. Builds the command (command.ts) and runs it like an
 * `exec:` source: its output comes back by RTSP or through the pipe.
 */
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { openCommand } from '../exec/producer.ts';
import type { OpenContext } from '../format.ts';
import { parseSourceText, type SourceText } from '../source-text.ts';
import { buildCommand } from './command.ts';
import { ENGINES, type Engine, probeEngine } from './hardware.ts';
import { Templates } from './templates.ts';

const LOG_LEVELS: Readonly<Record<string, string>> = {
  warn: 'warning',
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  fatal: 'fatal',
  disabled: 'quiet',
};

/** Starts FFmpeg; rejects with StreamError `process` with FFmpeg's own last words when it fails. */
export async function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const { services } = context;
  const templates = new Templates(services.section('ffmpeg'));
  const resolved = source.options.get('audio') === 'auto' ? await resolveAuto(source, context) : source;
  const argv = buildCommand(resolved, {
    templates,
    isStream: (name) => services.streams.get(name) !== undefined,
    rtspBase: await services.rtspBase(),
    logLevel: LOG_LEVELS[String(services.section('log').ffmpeg ?? '')] ?? 'error',
    engine: await chooseEngine(source, templates, context),
  });
  context.log.debug('run', { command: argv.join(' ') });
  return openCommand(argv, resolved, context);
}

const AUTO_TEMPLATES: Readonly<Record<string, string>> = {
  opus: 'opus',
  aac: 'aac/16000',
  pcm_alaw: 'pcma',
  pcm_mulaw: 'pcmu',
  pcm_s16be: 'pcm',
  pcm_s16le: 'pcml',
};
const AUTO_SAMPLE_RATES = [8000, 16000, 48000];

/** `#audio=auto`: what the loudspeaker of the stream takes, which this is played on. */
async function resolveAuto(source: SourceText, { services, stream }: OpenContext): Promise<SourceText> {
  const codecs = (await services.streams.get(stream)?.findLoudspeaker()) ?? [];
  const codec = codecs.find(({ name }) => name in AUTO_TEMPLATES);
  if (!codec) throw new StreamError('no_match', `stream ${stream} has no loudspeaker that can be played on`);
  const template = AUTO_TEMPLATES[codec.name] ?? '';
  const rate =
    template.startsWith('pcm') && AUTO_SAMPLE_RATES.includes(codec.sampleRate) ? `/${codec.sampleRate}` : '';
  return parseSourceText(source.text.replace('#audio=auto', `#audio=${template}${rate}`));
}

async function chooseEngine(
  source: SourceText,
  templates: Templates,
  context: OpenContext,
): Promise<Engine | undefined> {
  const wanted = source.options.get('hardware');
  if (wanted === undefined) return undefined;
  if (wanted === '') {
    if (source.options.all('video').some((value) => value.startsWith('h265'))) return undefined;
    return probeEngine(templates.text('bin'), context.log);
  }
  if (!Object.hasOwn(ENGINES, wanted))
    throw new StreamError('invalid_source', `#hardware=${wanted}: no such engine`);
  return wanted as Engine;
}

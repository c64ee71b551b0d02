/**
 * The server's transcoder: FFmpeg, within the budget of the config.
 *
 * The budget counts pictures that somebody watches; one that lingers makes room for the next. Sound costs a hundredth, and
 * gets a limit of its own that only a fault would reach.
 * A hardware encoder that fails is not tried again; the processor takes over.
 */
import { availableParallelism } from 'node:os';
import { type Codec, describeCodec } from '../../codecs/codec.ts';
import type { TranscodeConfig } from '../../config/transcode.ts';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { TranscodeJob, TranscodeProducer, Transcoder } from '../../core/transcode.ts';
import type { Logger } from '../../util/log.ts';
import { ENGINES, type Engine, probeEngine } from '../ffmpeg/hardware.ts';
import type { Templates } from '../ffmpeg/templates.ts';
import { transcodeCommand } from './command.ts';
import { openTranscode } from './producer.ts';
import { transcodeTarget } from './target.ts';

export interface TranscoderSettings {
  /** The config as it stands now. */
  readonly config: (stream: string) => TranscodeConfig;
  readonly templates: () => Templates;
  readonly log: Logger;
}

/** A picture keeps about two cores busy; small machines have four. */
const defaultLimit = (): number => Math.max(2, availableParallelism() >> 1);
const SOUNDS_PER_PICTURE = 8;

/** Makes the transcoder. */
export function createTranscoder(settings: TranscoderSettings): Transcoder {
  const running = new Set<TranscodeJob>();
  const failedEngines = new Set<Engine>();

  const admit = (stream: string, { kind }: Codec): void => {
    const { mode, limit: pictures = defaultLimit() } = settings.config(stream);
    if (mode === 'never')
      throw new StreamError('no_match', 'transcoding is off for this stream (transcode: never)');
    const limit = kind === 'video' ? pictures : SOUNDS_PER_PICTURE * pictures;
    const alike = [...running].filter((job) => job.to.kind === kind);
    const watched = alike.filter((job) => job.watched);
    if (alike.length >= limit && watched.length < limit) alike.find((job) => !job.watched)?.stop();
    if (watched.length < limit) return;
    const factor = kind === 'video' ? '' : `${SOUNDS_PER_PICTURE} times `;
    throw new StreamError(
      'limit',
      `${watched.length} ${kind} transcodes run already, the most that ${factor}transcode.limit allows`,
    );
  };

  const chooseEngine = async (
    { stream, to }: TranscodeJob,
    templates: Templates,
  ): Promise<Engine | undefined> => {
    const wanted = settings.config(stream).hardware;
    if (wanted === 'off' || to.name !== 'h264') return undefined;
    const engine =
      wanted === 'auto' ? await probeEngine(templates.text('bin'), settings.log) : (wanted as Engine);
    return engine && Object.hasOwn(ENGINES, engine) && !failedEngines.has(engine) ? engine : undefined;
  };

  const start = async (job: TranscodeJob, signal: AbortSignal): Promise<TranscodeProducer> => {
    const templates = settings.templates();
    const log = settings.log.with({ stream: job.stream });
    const run = (engine?: Engine): Promise<TranscodeProducer> => {
      const argv = transcodeCommand({ from: job.from, to: job.to, templates, logLevel: 'error', engine });
      log.debug('run', { command: argv.join(' ') });
      return openTranscode(job, argv, { log, hardware: engine }, signal);
    };
    const engine = await chooseEngine(job, templates);
    if (!engine) return run();
    try {
      return await run(engine);
    } catch (error) {
      if (toStreamError(error).code !== 'process') throw error;
      log.warn('hardware encoder failed, software takes over', { engine, error });
      failedEngines.add(engine);
      return run();
    }
  };

  return {
    target: transcodeTarget,
    admit,
    async open(job, signal) {
      const { stream, from, to } = job;
      admit(stream, to);
      running.add(job);
      const release = (): void => void running.delete(job);
      try {
        const startedMs = performance.now();
        const producer = await start(job, signal);
        settings.log.info('transcode', {
          stream,
          from: describeCodec(from),
          to: describeCodec(to),
          ...(producer.hardware && { hardware: producer.hardware }),
          started_ms: Math.round(performance.now() - startedMs),
        });
        return { ...producer, run: (write, runSignal) => producer.run(write, runSignal).finally(release) };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

/**
 * `exec:COMMAND…#killsignal=15#killtimeout=5#starttimeout=30#backchannel=1#audio=alaw/8000`
 *
 * Three forms, told apart by the text (observed: go2rtc 1.9.14):
 *   {output} in the command    the program publishes to our RTSP server at the address put in its place
 *   #backchannel=1             the program is a loudspeaker: audio goes to its standard input (stdin, backchannel.ts)
 *   else                       standard output is a byte stream, recognised by its first bytes
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { openBytes } from '../byte-stream.ts';
import type { OpenContext } from '../format.ts';
import type { SourceText } from '../source-text.ts';
import { openSpeaker, speakerCodecs } from './backchannel.ts';
import { splitCommandLine } from './command-line.ts';
import { checkAllowed, processSettings, startTimeoutMs } from './options.ts';
import { type RunningProcess, startProcess } from './process.ts';

const OUTPUT = '{output}';
const EXIT_GRACE_MS = 200;

/** Runs the configured command. */
export function open(source: SourceText, context: OpenContext): Promise<Producer> {
  const argv = splitCommandLine(source.rest);
  checkAllowed('exec', argv, context.services.section('exec').allow_paths);
  return openCommand(argv, source, context);
}

/** Runs an argv array in the form it asks for; `source` gives the options. For `exec:` and for sources built on it (`ffmpeg:`). */
export function openCommand(
  argv: readonly string[],
  source: SourceText,
  context: OpenContext,
): Promise<Producer> {
  if (argv.some((word) => word.includes(OUTPUT))) return openPublisher(argv, source, context);
  if (source.options.get('backchannel') === '1') {
    return openSpeaker(() => argv, speakerCodecs(source), source, context);
  }
  return openPipe(argv, source, context);
}

async function openPublisher(
  argv: readonly string[],
  source: SourceText,
  context: OpenContext,
): Promise<Producer> {
  const { services } = context;
  const path = randomBytes(16).toString('hex');
  const address = `${await services.rtspBase()}/${path}`;
  const waiting = new AbortController();
  const timeout = AbortSignal.timeout(startTimeoutMs(source));
  const publisher = services.expectPublisher(
    path,
    AbortSignal.any([context.signal, timeout, waiting.signal]),
  );
  publisher.catch(() => {});
  let program: RunningProcess | undefined;
  try {
    program = await startProcess(
      argv.map((word) => word.replace(OUTPUT, address)),
      processSettings(source, context),
    );
    const producer = await Promise.race([publisher, program.exited.then(endedEarly)]);
    return withProcess(producer, program);
  } catch (error) {
    waiting.abort();
    await program?.stop();
    if (timeout.aborted) throw new StreamError('timeout', `${argv[0]} did not publish its stream in time`);
    throw error;
  }
}

async function openPipe(
  argv: readonly string[],
  source: SourceText,
  context: OpenContext,
): Promise<Producer> {
  const program = await startProcess(argv, processSettings(source, context));
  try {
    const producer = await openBytes(program.stdout, {
      protocol: 'pipe',
      url: source.url,
      signal: context.signal,
      timeoutMs: startTimeoutMs(source),
    });
    return withProcess(producer, program);
  } catch (error) {
    // Output that just ended is explained by why the program did.
    const exited = await Promise.race([program.exited, sleep(EXIT_GRACE_MS)]);
    await program.stop();
    throw exited && !context.signal.aborted ? new StreamError('process', exited) : error;
  }
}

const endedEarly = (reason: string): never => {
  throw new StreamError('process', reason);
};

/** The producer lives as long as the program, and the program is reaped with it. */
function withProcess(producer: Producer, program: RunningProcess): Producer {
  return {
    peer: producer.peer,
    tracks: producer.tracks,
    requestKeyframe: (trackId) => producer.requestKeyframe?.(trackId),
    async run(write, signal) {
      const gone = new AbortController();
      void program.exited.then((reason) => gone.abort(new StreamError('process', reason)));
      try {
        await producer.run(write, AbortSignal.any([signal, gone.signal]));
        if (gone.signal.aborted && !signal.aborted) throw gone.signal.reason;
      } finally {
        await program.stop();
      }
    },
  };
}

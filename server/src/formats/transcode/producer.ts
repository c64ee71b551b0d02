/**
 * A transcode that runs: one FFmpeg, fed with one track of a stream.
 *
 *   feed ─ Matroska → stdin  ffmpeg  stdout → NUT ─ demuxer → packets, with the times of those that went in
 *
 * It is open when its first output tells the codec. Sound may not come for long (a camera whose microphone is off), and
 * pictures must not wait for it: its codec is known beforehand, and its time is short.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Codec, describeCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import { createPeer, type Muxer, type Packet, type Track, type WritePacket } from '../../core/model.ts';
import type { TranscodeJob, TranscodeProducer } from '../../core/transcode.ts';
import type { Logger } from '../../util/log.ts';
import { startProcess } from '../exec/process.ts';
import { createMatroskaMuxer } from '../matroska/muxer.ts';
import { createDemuxer } from '../nut/demuxer.ts';
import { Feed } from './feed.ts';

const OPEN_TIMEOUT_MS = 15_000;
/** A program that cannot do it at all has ended by then. */
const PREDICTED_AFTER_MS = 1000;
const secondsOf = ({ pts, track }: Packet): number => pts / track.codec.timeBase;

/** The output that FFmpeg is fed with; it remembers when that was captured, since what comes out has the same times. */
function createFeedOutput() {
  /** ms since 1970 at zero of the stream's time line. */
  let zeroMs: number | undefined;
  return {
    key: 'transcode',
    createMuxer(tracks: readonly Track[]): Muxer {
      const muxer = createMatroskaMuxer(tracks, { originSeconds: 0 });
      return {
        ...muxer,
        mux(packet) {
          zeroMs = packet.time - secondsOf(packet) * 1000;
          return muxer.mux(packet);
        },
      };
    },
    /** When what is in this packet of the transcode was captured. */
    timeOf: (packet: Packet): number =>
      zeroMs === undefined ? packet.time : zeroMs + secondsOf(packet) * 1000,
  };
}

/** Runs the command and waits for its track. Rejects with StreamError: `process` with FFmpeg's last words, `timeout`. */
export async function openTranscode(
  job: TranscodeJob,
  argv: readonly string[],
  { log, hardware }: { log: Logger; hardware?: string | undefined },
  signal: AbortSignal,
): Promise<TranscodeProducer> {
  const program = await startProcess(argv, { log });
  const peer = createPeer({ format: 'transcode', protocol: 'pipe' });
  const demuxer = createDemuxer();
  const input = new HeldInput();
  const output = createFeedOutput();
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const end = (reason: Error): void => {
    ready.reject(reason);
    input.end(reason);
  };
  const feed = new Feed(program, end);
  program.stdout.on('data', (bytes: Buffer) => {
    peer.bytesReceived += bytes.length;
    feed.answered();
    demuxer.push(bytes, input.write);
    if (demuxer.ready) ready.resolve();
  });
  void program.exited.then((reason) => end(new StreamError('process', reason)));
  const abort = (): void => end(new StreamError('aborted', 'transcode stopped'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const timer = setTimeout(
    () => end(new StreamError('timeout', `ffmpeg made no ${describeCodec(job.to)} in time`)),
    OPEN_TIMEOUT_MS,
  );
  let leave: (() => void) | undefined;
  try {
    leave = await job.feed(output, feed);
    const known = predictable(job.to) ? sleep(PREDICTED_AFTER_MS, undefined, { signal }) : undefined;
    await (known ? Promise.race([ready.promise, known]) : ready.promise);
  } catch (error) {
    leave?.();
    await program.stop();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
  const tracks: readonly Track[] = predictable(job.to) ? [{ id: 0, codec: job.to }] : demuxer.tracks;
  return {
    peer,
    hardware,
    tracks,
    onStreamTime: true,
    // It is as silent as the camera, which has a watchdog of its own; its feed has another.
    allowedSilenceMs: Number.POSITIVE_INFINITY,
    async run(write, runSignal) {
      try {
        const [track] = tracks;
        const predicted = predictable(job.to) ? track : undefined;
        const forward: WritePacket = (packet) =>
          write({ ...packet, track: predicted ?? packet.track, time: output.timeOf(packet) });
        await input.run(tracks, forward, runSignal);
      } finally {
        leave();
        await program.stop();
      }
    },
  };
}

/** Whether the codec is known before the encoder tells; FLAC's header has the encoder's own block sizes. */
const predictable = ({ kind, name }: Codec): boolean => kind === 'audio' && name !== 'flac';

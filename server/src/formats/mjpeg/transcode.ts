/**
 * JPEG pictures of any stream: its own mjpeg track where it has one, else one ffmpeg for all viewers of the stream.
 *
 *   watch(stream, mp4) → stdin  ffmpeg -f mp4 … -f mpjpeg  stdout → JPEGs ─┬→ viewer
 *                                                                          └→ viewer
 *
 * Started with the first viewer, stopped with the last. What the camera sends faster than ffmpeg reads is skipped by
 * the Broadcast, as for any slow viewer.
 */
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError } from '../../core/errors.ts';
import { type Chunk, createPeer, type Muxer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Logger } from '../../util/log.ts';
import { type RunningProcess, startProcess } from '../exec/process.ts';
import type { Mp4Chunk } from '../mp4/fragment.ts';
import type { Mp4Muxer } from '../mp4/muxer.ts';
import { createMp4Output } from '../mp4/output.ts';
import { PlaybackTime } from '../mp4/playback-time.ts';
import { createDemuxer } from '../mpjpeg/demuxer.ts';
import { createMjpegMuxer, createMjpegOutput } from './output.ts';

export interface TranscodeContext {
  /** The ffmpeg binary. */
  readonly ffmpeg: string;
  readonly log: Logger;
}

/**
 * Shows the stream's JPEGs to a viewer. Rejects with StreamError: `process` if there is no mjpeg track and ffmpeg cannot
 * be run.
 */
export async function watchJpegs(
  stream: Stream,
  viewer: Viewer,
  context: TranscodeContext,
  signal?: AbortSignal,
): Promise<Watch> {
  try {
    return await watch(stream, createMjpegOutput(), viewer, signal);
  } catch (error) {
    if (!(error instanceof StreamError) || error.code !== 'no_match') throw error;
  }
  let transcode = transcodes.get(stream);
  if (!transcode) {
    transcode = new Transcode(stream, context, () => transcodes.delete(stream));
    transcodes.set(stream, transcode);
  }
  return transcode.add(viewer, signal);
}

const transcodes = new WeakMap<Stream, Transcode>();

class Transcode {
  readonly #muxer: Muxer = createMjpegMuxer();
  readonly #started: Promise<void>;
  readonly #onEnd: () => void;
  #viewers: readonly Viewer[] = [];
  #joining = 0;
  #program: RunningProcess | undefined;
  #watch: Watch | undefined;
  #last: Chunk | undefined;
  #ended = false;

  constructor(stream: Stream, context: TranscodeContext, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#started = this.#start(stream, context);
  }

  async add(viewer: Viewer, signal?: AbortSignal): Promise<Watch> {
    this.#joining++;
    try {
      await this.#started;
    } finally {
      this.#joining--;
    }
    const leave = (): void => this.#remove(viewer);
    if (signal?.aborted) leave();
    if (signal?.aborted || this.#ended) throw new StreamError('aborted', 'viewer left');
    this.#viewers = [...this.#viewers, viewer];
    viewer.start(this.#muxer);
    if (this.#last) viewer.write(this.#last);
    return { tracks: this.#watch?.tracks ?? [], muxer: this.#muxer, close: leave };
  }

  async #start(stream: Stream, { ffmpeg, log }: TranscodeContext): Promise<void> {
    try {
      const program = await startProcess(transcodeCommand(ffmpeg), { log });
      this.#program = program;
      this.#readFrom(program);
      const feed = new ProcessViewer(program, (reason) => this.#end(reason));
      this.#watch = await watch(stream, createMp4Output(ACCEPTS, { parameterSetsInBand: true }), feed);
      if (this.#ended) this.#watch.close();
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #readFrom(program: RunningProcess): void {
    const demuxer = createDemuxer();
    program.stdout.on('data', (bytes: Buffer) => demuxer.push(bytes, (packet) => this.#write(packet)));
    void program.exited.then((reason) => this.#end(new StreamError('process', reason)));
  }

  readonly #write = (packet: Parameters<Muxer['mux']>[0]): void => {
    const chunk = this.#muxer.mux(packet);
    if (!chunk) return;
    this.#last = chunk;
    for (const viewer of this.#viewers) {
      viewer.peer.bytesSent += chunk.bytes;
      viewer.write(chunk);
    }
  };

  #remove(viewer: Viewer): void {
    this.#viewers = this.#viewers.filter((other) => other !== viewer);
    if (this.#viewers.length + this.#joining === 0) this.#end();
  }

  #end(reason?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#watch?.close();
    void this.#program?.stop();
    for (const viewer of this.#viewers) viewer.close(reason);
  }
}

const ACCEPTS = [
  { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }, { name: 'av1' }, { name: 'vp9' }] },
] as const;

/** No look-ahead on input, no frame threads: a picture leaves when its frame has come. */
function transcodeCommand(ffmpeg: string): readonly string[] {
  return [
    ffmpeg,
    ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
    ...[
      '-probesize',
      '32',
      '-analyzeduration',
      '1',
      '-thread_type',
      'slice',
      '-f',
      'mp4',
      '-i',
      'pipe:0',
      '-an',
    ],
    ...[
      '-c:v',
      'mjpeg',
      '-q:v',
      '5',
      '-fps_mode',
      'passthrough',
      '-flush_packets',
      '1',
      '-f',
      'mpjpeg',
      'pipe:1',
    ],
  ];
}

/** The standard input of ffmpeg as a viewer of MP4. */
class ProcessViewer implements Viewer<Mp4Chunk> {
  readonly peer = createPeer({ format: 'mp4', protocol: 'pipe' });
  readonly close: (reason?: Error) => void;
  readonly #program: RunningProcess;
  readonly #time = new PlaybackTime();
  #codecName: string | undefined;

  constructor(program: RunningProcess, onClose: (reason?: Error) => void) {
    this.#program = program;
    this.close = onClose;
  }

  get queuedBytes(): number {
    return this.#program.stdin.writableLength;
  }

  start({ tracks, header }: Mp4Muxer): void {
    const codecName = tracks[0]?.codec.name;
    if (this.#codecName === undefined) for (const bytes of header) this.#program.stdin.write(bytes);
    else if (this.#codecName !== codecName) throw new StreamError('closed', 'camera changed its codec');
    this.#codecName = codecName;
    this.#time.restart();
  }

  write(chunk: Mp4Chunk): void {
    const { stdin } = this.#program;
    const head = this.#time.stamp(chunk);
    if (!head || !stdin.writable) return;
    stdin.cork();
    stdin.write(head);
    for (const bytes of chunk.body) stdin.write(bytes);
    stdin.uncork();
  }
}

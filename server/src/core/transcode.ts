/**
 * Tracks that a viewer can't take as they are, turned into another codec: one transcode for all viewers of the stream
 * that need it, started by the first of them and stopped after the last.
 *
 *   LiveTrack of a camera ─ feed ─→ Transcoder (FFmpeg, handed in by main) ─→ Source ─→ LiveTrack ─→ viewers
 *
 * What comes out is an ordinary Source, so sharing, retry, linger and statistics are those of a camera. Only tracks of
 * cameras are fed: a transcode never feeds a transcode.
 */
import { type Codec, describeCodec } from '../codecs/codec.ts';
import { Broadcast } from './broadcast.ts';
import { StreamError } from './errors.ts';
import type { Chunk, MediaRequest, Output, Producer, Viewer } from './model.ts';
import { accepts } from './negotiate.ts';
import type { Selection } from './selection.ts';
import type { Source } from './source.ts';
import type { Stream } from './stream.ts';
import type { LiveTrack } from './tracks.ts';

/** Turns a track into one of another codec. */
export interface Transcoder {
  /** What becomes of a track of codec `from` for this request; undefined where nothing can. */
  target(from: Codec, request: MediaRequest): Codec | undefined;
  /** Throws StreamError, with the reason in words, when no transcode to this codec may start for the stream now. */
  admit(stream: string, to: Codec): void;
  /** Resolves when the track is known; rejects with StreamError. */
  open(job: TranscodeJob, signal: AbortSignal): Promise<TranscodeProducer>;
}

/** What a Transcoder is told. */
export interface TranscodeJob {
  readonly stream: string;
  readonly from: Codec;
  readonly to: Codec;
  /** Whether anybody watches or waits; if not, it lingers for who may come back. */
  readonly watched: boolean;
  /** Ends it, for the sake of another. */
  stop(): void;
  /** Feeds a viewer with the track, from its last key packet on. Returns the function that ends it. */
  feed<C extends Chunk>(
    output: Pick<Output<C>, 'key' | 'createMuxer'>,
    viewer: Viewer<C>,
  ): Promise<() => void>;
}

/** A transcode that runs; its packets have the times of those that went in. */
export interface TranscodeProducer extends Producer {
  /** Name of the engine, where it isn't the processor. */
  readonly hardware?: string | undefined;
}

/** A transcode of a stream. */
export interface Transcode {
  readonly source: Source;
  /** What it is fed by. */
  readonly input: Source;
  readonly from: Codec;
  readonly to: Codec;
  hardware: string | undefined;
}

type OpenSource = (text: string, open: (signal: AbortSignal) => Promise<Producer>) => Source;

/** The transcodes of one stream. */
export class Transcodes {
  readonly #stream: Stream;
  readonly #transcoder: Transcoder | undefined;
  readonly #createSource: OpenSource;
  /** By input track and target. */
  readonly #transcodes = new Map<string, Transcode>();

  constructor(stream: Stream, transcoder: Transcoder | undefined, createSource: OpenSource) {
    this.#stream = stream;
    this.#transcoder = transcoder;
    this.#createSource = createSource;
  }

  /** Those that run, or that viewers wait for. */
  get active(): readonly Transcode[] {
    return [...this.#transcodes.values()].filter(({ source }) => source.state !== 'idle');
  }

  /**
   * The track that answers the request, made of this one, and its source with a hold on it. Undefined where there is no
   * way; rejects with StreamError where there is one, but not now.
   */
  async open(
    input: Source,
    live: LiveTrack,
    request: MediaRequest,
  ): Promise<{ live: LiveTrack; source: Source } | undefined> {
    const from = live.track.codec;
    const to = this.#transcoder?.target(from, request);
    if (!this.#transcoder || !to) return undefined;
    const key = `${live.track.id} ${describeCodec(to)}`;
    const known = this.#transcodes.get(key);
    if (!known || known.source.state === 'idle') this.#transcoder.admit(this.#stream.name, to);
    const transcode = known ?? this.#create(this.#transcoder, input, live, to);
    this.#transcodes.set(key, transcode);
    const { source } = transcode;
    await source.open();
    const made = source.activeTracks.find(({ track }) => accepts(request, track.codec));
    if (made) return { live: made, source };
    source.release();
    throw new StreamError('protocol', `transcode of ${describeCodec(from)} gave no ${describeCodec(to)}`);
  }

  /** Forgets this source if it is a transcode; gives those that it feeds, which are forgotten too. */
  forget(source: Source): readonly Source[] {
    const fed: Source[] = [];
    for (const [key, transcode] of this.#transcodes) {
      if (transcode.source !== source && transcode.input !== source) continue;
      this.#transcodes.delete(key);
      if (transcode.input === source) fed.push(transcode.source);
    }
    return fed;
  }

  #create(transcoder: Transcoder, input: Source, live: LiveTrack, to: Codec): Transcode {
    const { name: stream } = this.#stream;
    const from = live.track.codec;
    const job: TranscodeJob = {
      stream,
      get from() {
        return live.track.codec;
      },
      to,
      get watched() {
        return transcode.source.held;
      },
      stop: () => transcode.source.stop(),
      feed: (output, viewer) => this.#feed(input, live, output, viewer),
    };
    const open = async (signal: AbortSignal): Promise<Producer> => {
      const { name } = live.track.codec;
      // Viewers come back, and choose anew.
      if (name !== from.name) throw new StreamError('aborted', `camera changed its codec to ${name}`);
      const producer = await transcoder.open(job, signal);
      transcode.hardware = producer.hardware;
      return producer;
    };
    const source = this.#createSource(`ffmpeg:${stream}#${to.kind}=${to.name}`, open);
    const transcode: Transcode = { source, input, from, to, hardware: undefined };
    return transcode;
  }

  async #feed<C extends Chunk>(
    input: Source,
    live: LiveTrack,
    output: Pick<Output<C>, 'key' | 'createMuxer'>,
    viewer: Viewer<C>,
  ): Promise<() => void> {
    const { kind, name } = live.track.codec;
    const request: MediaRequest = { kind, codecs: [{ name }] };
    await input.open();
    let held = true;
    const selection: Selection = {
      liveTracks: [live],
      requests: [request],
      sources: [input],
      release() {
        if (held) input.release();
        held = false;
      },
    };
    const broadcast: Broadcast<C> = new Broadcast(
      { ...output, accepts: [request] },
      { onLeave() {}, onEmpty: () => this.#stream.detach(broadcast) },
    );
    this.#stream.subscribe(broadcast, selection);
    const { close } = broadcast.add(viewer);
    if (!broadcast.primed) input.requestKeyframe();
    return close;
  }
}

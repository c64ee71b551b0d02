/**
 * Microphones of viewers to loudspeakers of cameras: which codec, one talk at a time per loudspeaker, and again
 * after the camera's connection was opened anew.
 */
import type { AudioCodec } from '../codecs/codec.ts';
import { createTalkConverter } from './derive.ts';
import { StreamError, toStreamError } from './errors.ts';
import type { Microphone, Talk } from './model.ts';
import { isPcm } from './negotiate.ts';
import type { Source } from './source.ts';

/**
 * The microphone's codec and the loudspeaker's for a talk: the first loudspeaker codec that the microphone can send
 * as it is, else the first pair of PCM codecs (converted in process). Undefined if there is none.
 */
function matchTalk(
  microphone: readonly AudioCodec[],
  loudspeaker: readonly AudioCodec[],
): { from: AudioCodec; to: AudioCodec } | undefined {
  for (const to of loudspeaker) {
    const from = microphone.find(({ name, sampleRate }) => name === to.name && sampleRate === to.sampleRate);
    if (from) return { from, to };
  }
  const from = microphone.find(isPcm);
  const to = loudspeaker.find(isPcm);
  return from && to ? { from, to } : undefined;
}

/** Makes a codec that is not PCM out of PCM, in front of a talk: FFmpeg, handed in by main. */
export interface TalkEncoder {
  /** What it wants to be written. */
  readonly input: AudioCodec;
  /** A talk whose packets are encoded and written to `talk`; closing it closes `talk`. `stream`: its name, for the log. */
  start(talk: Talk, stream: string): Promise<Talk>;
}

/** The encoder for a codec; undefined where there is none. */
export type FindTalkEncoder = (to: AudioCodec) => TalkEncoder | undefined;

/** How a microphone reaches a loudspeaker. */
interface Route {
  readonly from: AudioCodec;
  readonly to: AudioCodec;
  readonly encoder?: TalkEncoder | undefined;
}

/** As `matchTalk`; else PCM by way of an encoder. */
function findRoute(
  microphone: readonly AudioCodec[],
  loudspeaker: readonly AudioCodec[],
  findEncoder: FindTalkEncoder,
): Route | undefined {
  const match = matchTalk(microphone, loudspeaker);
  const from = microphone.find(isPcm);
  if (match || !from) return match;
  for (const to of loudspeaker) {
    const encoder = findEncoder(to);
    if (encoder) return { from, to, encoder };
  }
  return undefined;
}

interface Session {
  readonly microphone: Microphone;
  readonly controller: AbortController;
  talk: Talk | undefined;
}

/** All talks of one stream. */
export class Intercom {
  readonly #sessions = new Map<Source, Session>();
  readonly #findEncoder: FindTalkEncoder;

  constructor(findEncoder: FindTalkEncoder = () => undefined) {
    this.#findEncoder = findEncoder;
  }

  /** What microphones may send for a loudspeaker: its own codecs, and PCM for those that an encoder makes. */
  talkCodecs(loudspeaker: readonly AudioCodec[]): readonly AudioCodec[] {
    return [...loudspeaker, ...loudspeaker.flatMap((codec) => this.#findEncoder(codec)?.input ?? [])];
  }

  /** Opens sources in order until one has a fitting loudspeaker; returns the function that ends the talk. Rejects with StreamError. */
  async talk(microphone: Microphone, sources: readonly Source[]): Promise<() => void> {
    let failure: StreamError | undefined;
    for (const source of sources) {
      try {
        await source.open();
      } catch (error) {
        failure ??= toStreamError(error);
        continue;
      }
      const loudspeaker = source.producer?.backchannel?.codecs ?? [];
      if (findRoute(microphone.codecs, loudspeaker, this.#findEncoder))
        return await this.#start(source, microphone);
      if (loudspeaker.length > 0) failure ??= mismatch(microphone.codecs, loudspeaker);
      source.release();
    }
    throw failure ?? new StreamError('no_match', 'the camera has no loudspeaker');
  }

  /** The source has a new connection: a talk in progress is opened on it again. */
  sourceOpened(source: Source): void {
    const session = this.#sessions.get(source);
    if (!session) return;
    session.talk?.close();
    this.#connect(source, session).catch(() => this.#end(source, session));
  }

  /** Ends the talk on this source. */
  drop(source: Source): void {
    const session = this.#sessions.get(source);
    if (session) this.#end(source, session);
  }

  async #start(source: Source, microphone: Microphone): Promise<() => void> {
    this.drop(source);
    const session: Session = { microphone, controller: new AbortController(), talk: undefined };
    this.#sessions.set(source, session);
    try {
      await this.#connect(source, session);
    } catch (error) {
      this.#end(source, session);
      throw toStreamError(error);
    }
    return () => this.#end(source, session);
  }

  async #connect(source: Source, session: Session): Promise<void> {
    const { microphone, controller } = session;
    const backchannel = source.producer?.backchannel;
    const route = backchannel && findRoute(microphone.codecs, backchannel.codecs, this.#findEncoder);
    if (!route) throw new StreamError('no_match', 'the camera has no loudspeaker');
    const { from, to, encoder } = route;
    const opened = await backchannel.open(to, controller.signal);
    const talk = encoder ? await encoder.start(opened, source.stream) : opened;
    if (controller.signal.aborted) {
      talk.close();
      return;
    }
    session.talk = talk;
    const convert = createTalkConverter(from, encoder?.input ?? to);
    microphone.connect(from, (packet) => {
      const converted = convert(packet);
      if (converted) talk.write(converted);
    });
  }

  #end(source: Source, session: Session): void {
    if (session.controller.signal.aborted) return;
    session.controller.abort(new StreamError('aborted', 'talk ended'));
    if (this.#sessions.get(source) === session) this.#sessions.delete(source);
    session.microphone.connect(session.microphone.codecs[0] as AudioCodec, undefined);
    session.talk?.close();
    source.release();
  }
}

function mismatch(microphone: readonly AudioCodec[], loudspeaker: readonly AudioCodec[]): StreamError {
  const names = (codecs: readonly AudioCodec[]): string =>
    codecs.map(({ name, sampleRate }) => `${name} ${sampleRate} Hz`).join(', ');
  return new StreamError(
    'no_match',
    `codecs not matched: loudspeaker takes ${names(loudspeaker)}; microphone sends ${names(microphone)}`,
  );
}

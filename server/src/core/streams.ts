/** All streams by name, and how they follow the configuration. */
import { Listeners } from '../util/listeners.ts';
import { createLogger } from '../util/log.ts';
import { StreamError } from './errors.ts';
import type { Producer } from './model.ts';
import { Stream } from './stream.ts';
import type { FindTalkEncoder } from './talk.ts';
import type { Transcoder } from './transcode.ts';

/** Opens a source text for a stream; main.ts hands the format table in here. */
export type OpenSource = (text: string, streamName: string, signal: AbortSignal) => Promise<Producer>;

/** One entry of the configuration's `streams`. */
export interface StreamEntry {
  readonly name: string;
  readonly sources: readonly string[];
}

const LINGER_MS = 5000;
const MAXIMUM_STREAMS = 1000;

export class Streams {
  readonly #open: OpenSource;
  readonly #lingerMs: number;
  readonly #findTalkEncoder: FindTalkEncoder | undefined;
  readonly #transcoder: Transcoder | undefined;
  readonly #streams = new Map<string, Stream>();
  /** Second names of streams. */
  readonly #aliases = new Map<string, string>();
  readonly #listeners = new Listeners<string>();
  readonly #log = createLogger('streams');

  constructor(
    open: OpenSource,
    {
      lingerMs = LINGER_MS,
      findTalkEncoder,
      transcoder,
    }: { lingerMs?: number; findTalkEncoder?: FindTalkEncoder; transcoder?: Transcoder } = {},
  ) {
    this.#open = open;
    this.#lingerMs = lingerMs;
    this.#findTalkEncoder = findTalkEncoder;
    this.#transcoder = transcoder;
  }

  get(name: string): Stream | undefined {
    return this.#streams.get(name) ?? this.#streams.get(this.#aliases.get(name) ?? '');
  }

  /** The stream of this name; throws StreamError `not_found`. */
  require(name: string): Stream {
    const stream = this.get(name);
    if (!stream) throw new StreamError('not_found', `stream not found: ${name}`);
    return stream;
  }

  /**
   * Calls the listener with the name of a stream that was made or removed, or of which `inspectStream` tells another thing
   * (counters aside), in the middle of the change. Returns the function that ends it.
   */
  onChange(listener: (name: string) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Of those that are not temporary. */
  names(): string[] {
    return this.all().flatMap(({ name, isTemporary }) => (isTemporary ? [] : name));
  }

  all(): Stream[] {
    return [...this.#streams.values()];
  }

  /** Creates the stream, or gives the one of this name new sources; unchanged sources are not disturbed. */
  set(name: string, sources: readonly string[], { temporary = false } = {}): Stream {
    const existing = this.#streams.get(name);
    if (existing) {
      existing.setSources(sources);
      return existing;
    }
    if (this.#streams.size >= MAXIMUM_STREAMS) {
      throw new StreamError('limit', `there are ${MAXIMUM_STREAMS} streams already`);
    }
    const stream = new Stream({
      name,
      sources,
      open: (text, signal) => this.#open(text, name, signal),
      log: this.#log,
      lingerMs: this.#lingerMs,
      temporary,
      findTalkEncoder: this.#findTalkEncoder,
      transcoder: this.#transcoder,
      onChange: () => this.#listeners.tell(name),
    });
    this.#aliases.delete(name);
    this.#streams.set(name, stream);
    this.#listeners.tell(name);
    return stream;
  }

  /** Makes `alias` a second name of the stream `name`. */
  alias(alias: string, name: string): void {
    if (alias !== name && !this.#streams.has(alias)) this.#aliases.set(alias, name);
  }

  /** Removes the stream and closes its viewers; false if there is none. */
  delete(name: string): boolean {
    const stream = this.#streams.get(name);
    for (const [alias, target] of this.#aliases) if (target === name) this.#aliases.delete(alias);
    if (!stream) return this.#aliases.delete(name);
    stream.close();
    this.#streams.delete(name);
    this.#listeners.tell(name);
    return true;
  }

  /** Makes the streams those of a new configuration: `earlier` names the ones that the old one had. Others stay. */
  apply(entries: readonly StreamEntry[], earlier: readonly string[] = this.names()): void {
    const wanted = new Set(entries.map(({ name }) => name));
    for (const name of earlier) if (!wanted.has(name)) this.delete(name);
    for (const { name, sources } of entries) this.set(name, sources);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close(new StreamError('aborted', 'server stops'));
    this.#streams.clear();
  }
}

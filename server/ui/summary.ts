/** What the list shows of each stream, read from the JSON of `GET api/streams`. Pure: no DOM. */

export interface StreamSummary {
  readonly name: string;
  readonly state: 'live' | 'idle' | 'error';
  /** Why the stream does not come; empty unless `state` is `error`. */
  readonly reason: string;
  /** It has no source of its own, and nobody pushes into it. */
  readonly empty: boolean;
  /** `H.264 1920 × 1080 · AAC 16 kHz`; empty while not known. */
  readonly codecs: string;
  readonly viewers: number;
  /** `Transcoding H.265 → H.264 for 2 viewers`, a line each. */
  readonly transcodes: readonly string[];
  /** The camera has a loudspeaker. */
  readonly talk: boolean;
}

const TITLES: Readonly<Record<string, string>> = {
  h264: 'H.264',
  hevc: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  mjpeg: 'MJPEG',
  rawvideo: 'Raw video',
  aac: 'AAC',
  opus: 'Opus',
  mp3: 'MP3',
  flac: 'FLAC',
  adpcm_g722: 'G.722',
  pcm_alaw: 'G.711 A-law',
  pcm_mulaw: 'G.711 µ-law',
  pcm_s16be: 'PCM',
  pcm_s16le: 'PCM',
};

/** Formats of consumers that nobody watches. */
const NOT_VIEWERS = new Set(['preload', 'probe', 'transcode']);

/** Sorts by name, as people count: camera 2 before camera 10. */
export function summarize(streams: unknown): readonly StreamSummary[] {
  return Object.entries(record(streams))
    .map(([name, stream]) => summarizeStream(name, stream))
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

function summarizeStream(name: string, stream: unknown): StreamSummary {
  const { producers, consumers } = record(stream);
  const all = list(producers);
  const sources = all.filter((source) => source.transcode === undefined);
  const running = sources.filter((source) => list(source.receivers).length > 0);
  const reason = text(sources.find((source) => source.error)?.error);
  return {
    name,
    state: running.length > 0 ? 'live' : reason ? 'error' : 'idle',
    reason: running.length > 0 ? '' : reason,
    empty: all.length === 0,
    codecs: describeCodecs(running),
    viewers: list(consumers).filter((consumer) => !NOT_VIEWERS.has(text(consumer.format_name))).length,
    transcodes: all.flatMap((source) => describeTranscode(record(source.transcode))),
    talk: sources.some((source) =>
      list(source.medias, isText).some((media) => /^audio, sendonly/.test(media)),
    ),
  };
}

function describeCodecs(sources: readonly Fields[]): string {
  const codecs = sources
    .flatMap((source) => list(source.receivers))
    .map((receiver) => record(receiver.codec));
  return [...new Set(codecs.map(describeCodec).filter(Boolean))].join(' · ');
}

function describeCodec(codec: Fields): string {
  const name = text(codec.codec_name);
  const parts = [TITLES[name] ?? name];
  if (typeof codec.width === 'number' && typeof codec.height === 'number')
    parts.push(`${codec.width} × ${codec.height}`);
  if (typeof codec.sample_rate === 'number') parts.push(`${codec.sample_rate / 1000} kHz`);
  return parts.join(' ');
}

/** Nothing for one that nobody watches: it is about to end. */
function describeTranscode({ from, to, viewers, hardware }: Fields): string[] {
  if (!text(from) || typeof viewers !== 'number' || viewers === 0) return [];
  const title = (name: unknown): string => TITLES[text(name)] ?? text(name);
  const engine = text(hardware) ? ` (${text(hardware)})` : '';
  return [
    `Transcoding ${title(from)} → ${title(to)}${engine} for ${viewers === 1 ? '1 viewer' : `${viewers} viewers`}`,
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function list(value: unknown): readonly Fields[];
function list<T>(value: unknown, is: (item: unknown) => item is T): readonly T[];
function list(value: unknown, is: (item: unknown) => boolean = isFields): readonly unknown[] {
  return Array.isArray(value) ? value.filter((item) => is(item)) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

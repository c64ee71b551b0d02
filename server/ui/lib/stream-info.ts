/** What the page reads of `GET api/streams?src=`: the sources of a stream, and who watches it. Pure. */

export interface SourceRow {
  /** With its credentials masked. */
  readonly url: string;
  readonly running: boolean;
  readonly format: string;
  readonly error: string;
}

export interface ViewerRow {
  /** For `DELETE api/consumers`. */
  readonly id: number;
  readonly stream: string;
  /** `WebRTC`, `RTSP`, … */
  readonly format: string;
  readonly address: string;
  readonly agent: string;
  /** Bytes sent so far. */
  readonly bytes: number;
}

export interface StreamRows {
  readonly sources: readonly SourceRow[];
  readonly viewers: readonly ViewerRow[];
}

/** Consumers that nobody looks at. */
const NOT_VIEWERS = new Set(['preload', 'probe', 'transcode']);

const FORMAT_TITLES: Readonly<Record<string, string>> = {
  'mse/fmp4': 'MSE',
  mp4: 'MP4',
  webrtc: 'WebRTC',
  rtsp: 'RTSP',
  rtmp: 'RTMP',
  hls: 'HLS',
  mpegts: 'MPEG-TS',
  mjpeg: 'MJPEG',
  flv: 'FLV',
  mkv: 'Matroska',
};

/** Answers of another shape give empty rows. */
export function readStream(stream: string, answer: unknown): StreamRows {
  const { producers, consumers } = record(answer);
  return {
    sources: records(producers)
      .filter(({ transcode }) => transcode === undefined)
      .map((producer) => ({
        url: text(producer.url),
        running: records(producer.receivers).length > 0,
        format: text(producer.format_name),
        error: text(producer.error),
      })),
    viewers: records(consumers)
      .filter(({ format_name }) => !NOT_VIEWERS.has(text(format_name)))
      .map((consumer) => ({
        id: Number(consumer.id) || 0,
        stream,
        format: formatTitle(text(consumer.format_name)),
        address: text(consumer.remote_addr).replace(/^::ffff:/, ''),
        agent: browserOf(text(consumer.user_agent)),
        bytes: Number(consumer.bytes_send) || 0,
      })),
  };
}

function formatTitle(name: string): string {
  return FORMAT_TITLES[name] ?? name.split('/')[0]!.toUpperCase();
}

/** `Firefox`, `Chrome`, `Lavf/60.3.100`: the part of a user agent that tells one from another. */
export function browserOf(agent: string): string {
  const known = ['Home Assistant', 'Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'].find((name) =>
    agent.includes(name),
  );
  if (known) return { Edg: 'Edge', OPR: 'Opera' }[known] ?? known;
  return agent.split(/[\s(]/)[0]!.slice(0, 40);
}

/** A source without its credentials, which the server shows to whom it got them from. */
export function withoutSecrets(source: string): string {
  return source.replace(/\/\/[^/?#\s]*@/g, '//***@');
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function records(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

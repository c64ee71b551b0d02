/**
 * `GET api/streams`, read for the map: what is missing or of another kind becomes a plain default, so that nothing behind
 * this file has to ask again. Pure: no DOM.
 */

export interface Codec {
  /** FFmpeg's name: `hevc`, `aac`. */
  readonly name: string;
  readonly width?: number;
  readonly height?: number;
  readonly profile?: string;
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** A track that a source receives. */
export interface Receiver {
  readonly id: number;
  readonly codec: Codec;
  readonly bytes: number;
  readonly packets: number;
}

export interface Source {
  /** As the server shows it: without passwords. */
  readonly url: string;
  /** 0: it is not open. */
  readonly id: number;
  readonly format: string;
  readonly protocol: string;
  readonly address: string;
  readonly error: string;
  readonly bytes: number;
  readonly reconnects: number;
  readonly corrupt: number;
  readonly loudspeaker: boolean;
  readonly receivers: readonly Receiver[];
  /** Names of codecs; only of a source that the server makes of another track. */
  readonly transcode?: { readonly from: string; readonly to: string; readonly hardware: string };
}

/** A track that a viewer is sent. */
export interface Sender {
  /** Id of the receiver whose track it is, or of which it is made. */
  readonly parent: number;
  readonly codec: Codec;
  readonly bytes: number;
  readonly drops: number;
}

export interface Viewer {
  readonly id: number;
  readonly format: string;
  readonly protocol: string;
  readonly address: string;
  readonly agent: string;
  readonly bytes: number;
  readonly senders: readonly Sender[];
}

export interface Stream {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly viewers: readonly Viewer[];
}

export function readStreams(answer: unknown): readonly Stream[] {
  return Object.entries(record(answer)).map(([name, stream]) => ({
    name,
    sources: list(record(stream).producers).map(readSource),
    viewers: list(record(stream).consumers).map(readViewer),
  }));
}

function readSource(source: Fields): Source {
  const { transcode } = source;
  const { from, to, hardware } = record(transcode);
  return {
    url: text(source.url),
    id: number(source.id),
    format: text(source.format_name),
    protocol: text(source.protocol),
    address: text(source.remote_addr),
    error: text(source.error),
    bytes: number(source.bytes_recv),
    reconnects: number(source.reconnects),
    corrupt: number(source.corrupt),
    loudspeaker:
      Array.isArray(source.medias) && source.medias.some((media) => /^audio, sendonly/.test(text(media))),
    receivers: list(source.receivers).map((receiver) => ({
      id: number(receiver.id),
      codec: readCodec(receiver.codec),
      bytes: number(receiver.bytes),
      packets: number(receiver.packets),
    })),
    ...(transcode ? { transcode: { from: text(from), to: text(to), hardware: text(hardware) } } : {}),
  };
}

function readViewer(viewer: Fields): Viewer {
  return {
    id: number(viewer.id),
    format: text(viewer.format_name),
    protocol: text(viewer.protocol),
    address: text(viewer.remote_addr),
    agent: text(viewer.user_agent),
    bytes: number(viewer.bytes_send),
    senders: list(viewer.senders).map((sender) => ({
      parent: number(sender.parent),
      codec: readCodec(sender.codec),
      bytes: number(sender.bytes),
      drops: number(sender.drops),
    })),
  };
}

function readCodec(value: unknown): Codec {
  const { codec_name, width, height, profile, sample_rate, channels } = record(value);
  return {
    name: text(codec_name),
    ...(typeof width === 'number' && typeof height === 'number' ? { width, height } : {}),
    ...(typeof profile === 'string' ? { profile } : {}),
    ...(typeof sample_rate === 'number' ? { sampleRate: sample_rate } : {}),
    ...(typeof channels === 'number' ? { channels } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const record = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(record) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/**
 * What a row of the format table is (formats/rows), and what a format's modules export.
 *
 * A source is one `formats/{format}/producer.ts` with `open` plus a row; an output is one file plus a row.
 * Modules are imported when first needed.
 */
import type { Demuxer, Output, Producer } from '../core/model.ts';
import type { Stream } from '../core/stream.ts';
import type { Streams } from '../core/streams.ts';
import type { Logger } from '../util/log.ts';
import type { ServerAccess } from './accepted-users.ts';
import type { SourceForm } from './form.ts';
import type { ScanEntry } from './scan.ts';
import type { SourceText } from './source-text.ts';
import type { WebrtcServer } from './webrtc/server.ts';

/** What a format may use while it opens a source. */
export interface OpenContext {
  /** Name of the stream that the source belongs to. */
  readonly stream: string;
  /** Aborted when nobody waits for the source any more: give up at once and release everything. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly services: Services;
}

/** What the server lends to formats; made once in main.ts. */
export interface Services {
  readonly streams: Streams;
  /** What servers of streams ask of clients on other machines. */
  readonly access: ServerAccess;
  /** A section of the config file as it stands now (`ffmpeg`, `exec`, `rtsp` …), already validated; {} if absent. */
  section(name: string): Readonly<Record<string, unknown>>;
  /** Opens another source text (redirects, `ffmpeg:` over `exec:`); rules of the table apply: a source may not lead to an unsafe one. */
  open(text: string, context: OpenContext): Promise<Producer>;
  /** The base of our own RTSP server as seen from a child process, `rtsp://127.0.0.1:8554`; credentials included when it wants them. */
  rtspBase(): Promise<string>;
  /** Waits for a client that publishes by RTSP to this path (exec and ffmpeg `{output}`). One producer, once; rejects when the signal aborts. */
  expectPublisher(path: string, signal: AbortSignal): Promise<Producer>;
  /** The one WebRTC port, for sources that are WebRTC peers; undefined where it could not be opened. */
  webrtc(): WebrtcServer | undefined;
}

/** `formats/{format}/producer.ts` exports this as `open`. Resolves when all tracks are known; rejects with StreamError. */
export type OpenProducer = (source: SourceText, context: OpenContext) => Promise<Producer>;

/** `formats/{format}/demuxer.ts` exports this as `createDemuxer`. */
export type CreateDemuxer = () => Demuxer;

/** `formats/{format}/output.ts` exports this as `createOutput`. Throws StreamError `invalid` for a query it cannot read. */
export type CreateOutput = (query: URLSearchParams) => Output;

/** What a publisher is given. */
export interface PublishContext extends OpenContext {
  /** To be called when the other side has accepted the stream and packets begin to flow to it. */
  readonly onPushing?: (() => void) | undefined;
}

/**
 * `formats/{format}/publisher.ts` exports this as `publish`: pushes a stream of ours to an address. Resolves when the
 * signal aborts; rejects with StreamError when the other side refuses, ends or fails. The caller tries again.
 */
export type Publish = (stream: Stream, target: SourceText, context: PublishContext) => Promise<void>;

/** Something found that can be a source, as the API tells it; `url` is a source text. */
export interface Discovered {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly info?: string | undefined;
  readonly url?: string | undefined;
  readonly location?: string | undefined;
}

/** `formats/{format}/discovery.ts` exports this as `discover`: GET /api/{name}. Rejects with StreamError. */
export type Discover = (
  query: URLSearchParams,
  context: { readonly services: Services; readonly log: Logger; readonly signal: AbortSignal },
) => Promise<readonly Discovered[]>;

/** What runs beside the streams from the start of the server to its end. */
export interface RunningService {
  /** Where it listens, as text. */
  readonly address?: string | undefined;
  close(): void | Promise<void>;
}

/**
 * `formats/{format}/service.ts` exports this as `start`: a server of its own, or an announcer. It reads its section of
 * the config; undefined: not switched on. Rejects with StreamError when its port is taken: the rest of the server goes on.
 */
export type StartService = (context: {
  readonly services: Services;
  readonly log: Logger;
}) => Promise<RunningService | undefined>;

/** What a camera tells of beside its packets. */
export interface CameraEvent {
  readonly type: 'motion' | 'ring';
  /** False when what began is over. A `ring` may be told without its end. */
  readonly active: boolean;
}

/** `formats/{format}/events.ts` exports this. */
export interface EventsModule {
  /**
   * Tells of a camera's events until the signal aborts, then resolves. Rejects with StreamError when it cannot, or can
   * no longer: the caller tries again, but for `unsupported`. `ready` says which kinds this camera tells of, before
   * the first event; again when it turns out to tell of more.
   */
  watch(
    text: string,
    context: OpenContext,
    tell: (event: CameraEvent) => void,
    ready: (kinds: readonly CameraEvent['type'][]) => void,
  ): Promise<void>;
}

/** A camera that can be moved. All of its calls reject with StreamError. */
export interface Ptz {
  readonly capabilities: {
    readonly move: boolean;
    readonly zoom: boolean;
    /** Names, as `preset` takes them. */
    readonly presets: readonly string[];
  };
  /** Moves until the next call; each from -1 to 1: right, up and in are positive. */
  move(velocity: { readonly pan: number; readonly tilt: number; readonly zoom: number }): Promise<void>;
  stop(): Promise<void>;
  preset(name: string): Promise<void>;
}

/** `formats/{format}/ptz.ts` exports this. */
export interface PtzModule {
  /** Undefined where the camera cannot be moved. The result lasts until the context's signal aborts. Rejects with StreamError. */
  open(text: string, context: OpenContext): Promise<Ptz | undefined>;
}

export interface Format {
  /** FFmpeg's name of the format or protocol; also the folder. */
  readonly name: string;
  readonly title: string;
  readonly group: 'camera' | 'network' | 'file' | 'device' | 'program' | 'output';
  /** Source schemes, without the colon. */
  readonly schemes?: readonly string[];
  /** An example source, for the docs and the add-a-camera page. */
  readonly example?: string;
  /** Runs programs: accepted from the config file only. */
  readonly unsafe?: boolean;
  /** Codecs it brings in (`receives`) and gives out (`sends`), as FFmpeg names. */
  readonly receives?: readonly string[];
  readonly sends?: readonly string[];
  readonly producer?: () => Promise<{ readonly open: OpenProducer }>;
  /** A byte format: works over http, tcp, exec pipes and HTTP POST at once. `detect` sees the first bytes (at least 4, at most 4096). */
  readonly demuxer?: () => Promise<{ readonly createDemuxer: CreateDemuxer }>;
  readonly detect?: (head: Buffer) => boolean;
  /** MIME types (without parameters) that name this byte format. */
  readonly mimeTypes?: readonly string[];
  /** GET /api/stream.{extension} of an output, POST /api/stream.{extension}?dst= of a byte format. */
  readonly extensions?: readonly string[];
  readonly output?: () => Promise<{ readonly createOutput: CreateOutput }>;
  /** `publish:` and POST /api/streams?src=&dst=, to addresses of its schemes. */
  readonly publisher?: () => Promise<{ readonly publish: Publish }>;
  readonly discovery?: () => Promise<{ readonly discover: Discover }>;
  readonly service?: () => Promise<{ readonly start: StartService }>;
  /** What a form asks for to make a source of it (`GET /api/sources`). */
  readonly form?: SourceForm;
  /** Finds cameras (`GET /api/scan`). */
  readonly scan?: ScanEntry;
  /** What cameras of its sources tell of, and how they are moved. */
  readonly events?: () => Promise<EventsModule>;
  readonly ptz?: () => Promise<PtzModule>;
}

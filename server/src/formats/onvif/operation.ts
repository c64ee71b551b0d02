/** What an operation of the ONVIF server is: a request's element in, the inside of its answer out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accepts } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { Streams } from '../../core/streams.ts';
import type { VirtualDevice } from './device.ts';
import type { Fault } from './soap.ts';
import { type Markup, textAt, type XmlElement } from './xml.ts';

export interface OperationContext {
  readonly device: VirtualDevice;
  readonly streams: Pick<Streams, 'get' | 'names'>;
  /** How the client reached us, `http://192.168.1.5:1984`; also before `/onvif`. */
  readonly origin: string;
  /** Before `/api`: the origin and `api.base_path`. */
  readonly apiBase: string;
  /** `rtsp://192.168.1.5:8554`; undefined where there is no RTSP server. */
  readonly rtspBase: string | undefined;
  /** Whether WS-Discovery announces the devices. */
  readonly discoverable: boolean;
}

export type Operation = (context: OperationContext, request: XmlElement) => Markup | undefined;

/** A refusal in SOAP's words. */
export class OnvifFault extends Error implements Fault {
  override readonly name = 'OnvifFault';
  readonly codes: readonly string[];
  readonly reason: string;

  constructor(codes: readonly string[], reason: string) {
    super(reason);
    this.codes = codes;
    this.reason = reason;
  }
}

/** The streams of the device, in order. */
export function streamsOf({ device, streams }: OperationContext): readonly Stream[] {
  const names = device.stream === undefined ? streams.names() : [device.stream];
  return names.flatMap((name) => streams.get(name) ?? []);
}

/** The stream that a token of the request names. Profiles, sources and encoders all have the stream's name as token. */
export function requireStream(context: OperationContext, request: XmlElement, name: string): Stream {
  const token = textAt(request, name);
  const stream = streamsOf(context).find((candidate) => candidate.name === token);
  if (stream) return stream;
  const code =
    name === 'ProfileToken' ? 'NoProfile' : name === 'VideoSourceToken' ? 'NoVideoSource' : 'NoConfig';
  throw new OnvifFault(['Sender', 'InvalidArgVal', code], `there is no ${name} ${token}`);
}

const VIDEO: Accepts = [{ kind: 'video', codecs: [] }];

/**
 * Opens a stream whose pictures are not known yet and waits for them a moment: a recorder that adopts the camera keeps
 * what it hears first. Resolves in any case.
 */
export async function learnTracks(stream: Stream, timeoutMs: number): Promise<void> {
  if (stream.sources.some(({ liveTracks }) => liveTracks.some(({ track }) => track.codec.kind === 'video')))
    return;
  const opened = stream.select(VIDEO).then(
    (selection) => selection.release(),
    () => {},
  );
  const timeout = new AbortController();
  await Promise.race([opened, sleep(timeoutMs, undefined, { signal: timeout.signal }).catch(() => {})]);
  timeout.abort();
}

/** Where the stream is played from. */
export function streamUri({ rtspBase }: OperationContext, stream: Stream): string {
  if (rtspBase === undefined) {
    throw new OnvifFault(['Receiver', 'ActionNotSupported'], 'the RTSP server is not running');
  }
  return `${rtspBase}/${encodePath(stream.name)}`;
}

/** Where a picture of the stream is. */
export function snapshotUri({ apiBase }: OperationContext, stream: Stream): string {
  return `${apiBase}/api/frame.jpeg?src=${encodeURIComponent(stream.name)}`;
}

const encodePath = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

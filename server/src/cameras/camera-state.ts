/**
 * A camera as docs/api.md tells it: a pure function of what its streams are doing, its settings, what was measured, and
 * what it tells of itself.
 */
import type { ErrorCode } from '../core/errors.ts';
import {
  type ConsumerInfo,
  isViewer,
  type KnownTrack,
  type SourceInfo,
  type StreamInfo,
} from '../core/inspect.ts';
import type { CameraEvent, Ptz } from '../formats/format.ts';
import type { Rate } from './rates.ts';
import type { CameraSettings } from './settings.ts';

export type CameraStatus = 'disabled' | 'idle' | 'connecting' | 'live' | 'asleep' | 'failed';

export interface CameraTrack {
  readonly id: number;
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_rate?: number;
  readonly channels?: number;
  readonly fps?: number;
  /** Bits a second. */
  readonly bitrate?: number;
  /** Seconds between key frames. */
  readonly gop?: number;
}

export interface CameraFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** ms since 1970. */
  readonly since: number;
}

/** What clients are told of a camera. */
export interface CameraState {
  readonly id: string;
  readonly name: string;
  readonly area?: string;
  readonly sub?: string;
  readonly enabled: boolean;
  readonly doorbell: boolean;
  readonly status: CameraStatus;
  readonly error?: CameraFailure;
  readonly tracks: readonly CameraTrack[];
  readonly viewers: number;
  readonly transcoding: number;
  readonly bitrate?: number;
  readonly fps?: number;
  readonly talk?: boolean;
  readonly playing?: true;
  readonly ptz?: Ptz['capabilities'];
  readonly events: readonly CameraEvent['type'][];
  readonly motion?: boolean;
  readonly reconnects: number;
}

export interface CameraFacts {
  readonly id: string;
  readonly settings: CameraSettings;
  readonly main: StreamInfo;
  readonly sub?: StreamInfo | undefined;
  /** By track id. Those that were measured last stay. */
  readonly rates: ReadonlyMap<number, Rate>;
  readonly ptz?: Ptz['capabilities'] | undefined;
  readonly events: readonly CameraEvent['type'][];
  readonly motion: boolean;
  /** A sound that a client gave is heard on its loudspeaker. */
  readonly playing?: boolean | undefined;
}

/** The state, without what is not known. */
export function cameraState(facts: CameraFacts): CameraState {
  const { id, settings, main, sub, rates, ptz, events, motion, playing } = facts;
  const { name = id, area, sub: subName, enabled, doorbell } = settings;
  const streams = sub ? [main, sub] : [main];
  const { status, error } = enabled ? healthOf(streams) : { status: 'disabled' as const, error: undefined };
  const running = runningTracks(streams);
  const viewers = viewersOf(streams);
  const talk = talkOf(main);
  const told: readonly CameraEvent['type'][] =
    doorbell && !events.includes('ring') ? [...events, 'ring'] : events;
  return {
    id,
    name,
    ...(area === undefined ? {} : { area }),
    ...(subName === undefined ? {} : { sub: subName }),
    enabled,
    doorbell,
    status,
    ...(error ? { error } : {}),
    tracks: cameraTracks(main, rates),
    viewers: viewers.length,
    transcoding: viewers.filter(isTranscodedIn(streams)).length,
    ...totals(running, rates),
    ...(talk === undefined ? {} : { talk }),
    ...(playing ? { playing } : {}),
    ...(ptz ? { ptz } : {}),
    events: told,
    ...(events.includes('motion') ? { motion } : {}),
    reconnects: streams.flatMap(camerasOwn).reduce((sum, { reconnects }) => sum + reconnects, 0),
  };
}

/** The tracks that a stream has, or had when it was last open. */
export function cameraTracks(stream: StreamInfo, rates: ReadonlyMap<number, Rate>): CameraTrack[] {
  return camerasOwn(stream).flatMap((source) => source.tracks.map((track) => trackOf(track, source, rates)));
}

/** Those who watch. */
export function viewersOf(streams: readonly StreamInfo[]): ConsumerInfo[] {
  return streams.flatMap(({ consumers }) => consumers).filter(isViewer);
}

/** Tracks that sources deliver now. */
export function runningTracks(streams: readonly StreamInfo[]): KnownTrack[] {
  return streams.flatMap(camerasOwn).flatMap(({ receivers }) => receivers);
}

/** Bits and frames a second of these tracks together; frames of the first video track alone. */
export function totals(
  tracks: readonly KnownTrack[],
  rates: ReadonlyMap<number, Rate>,
): { readonly bitrate?: number; readonly fps?: number } {
  const measured = tracks.flatMap(({ id, codec }) => {
    const rate = rates.get(id);
    return rate ? [{ ...rate, kind: codec.kind }] : [];
  });
  if (measured.length === 0) return {};
  const video = measured.find(({ kind }) => kind === 'video');
  return {
    bitrate: measured.reduce((sum, { bitrate }) => sum + bitrate, 0),
    ...(video ? { fps: video.fps } : {}),
  };
}

/** Sources that are no transcodes. */
const camerasOwn = ({ sources }: StreamInfo): readonly SourceInfo[] =>
  sources.filter(({ transcode }) => transcode === undefined);

interface Health {
  readonly status: CameraStatus;
  readonly error: CameraFailure | undefined;
}

/** The health of the stream that is in use, the main one first. */
function healthOf(streams: readonly StreamInfo[]): Health {
  const isInUse = (stream: StreamInfo): boolean => camerasOwn(stream).some(({ state }) => state !== 'idle');
  return streamHealth(streams.find(isInUse) ?? streams[0]!);
}

function streamHealth(stream: StreamInfo): Health {
  const sources = camerasOwn(stream);
  if (sources.some(({ state, error }) => state === 'live' && !error))
    return { status: 'live', error: undefined };
  const failing = sources.find(({ error }) => error);
  const error = failing?.error && {
    code: failing.error.code,
    message: failing.error.message,
    since: failing.errorSinceMs,
  };
  if (error?.code === 'asleep') return { status: 'asleep', error };
  // A connection that broke is made anew at once: it has not failed before that fails.
  const isConnecting = sources.some(({ state, failures }) => state !== 'idle' && failures === 0);
  if (isConnecting) return { status: 'connecting', error };
  return { status: error ? 'failed' : 'idle', error };
}

function talkOf(stream: StreamInfo): boolean | undefined {
  const known = camerasOwn(stream).flatMap(({ hasLoudspeaker }) => hasLoudspeaker ?? []);
  return known.length === 0 ? undefined : known.includes(true);
}

function isTranscodedIn(streams: readonly StreamInfo[]): (viewer: ConsumerInfo) => boolean {
  const made = new Set(
    streams
      .flatMap(({ sources }) => sources)
      .filter(({ transcode }) => transcode !== undefined)
      .flatMap(({ tracks }) => tracks.map(({ id }) => id)),
  );
  return ({ senders }) => senders.some(({ parent }) => made.has(parent));
}

function trackOf(
  { id, codec }: KnownTrack,
  { gopSeconds }: SourceInfo,
  rates: ReadonlyMap<number, Rate>,
): CameraTrack {
  const rate = rates.get(id);
  const bitrate = rate ? { bitrate: rate.bitrate } : {};
  if (codec.kind === 'audio') {
    const { kind, name, sampleRate, channels } = codec;
    return { id, kind, codec: name, sample_rate: sampleRate, channels, ...bitrate };
  }
  const { kind, name, width, height } = codec;
  return {
    id,
    kind,
    codec: name,
    ...(width > 0 ? { width, height } : {}),
    ...(rate ? { fps: rate.fps } : {}),
    ...bitrate,
    ...(gopSeconds > 0 ? { gop: Math.round(10 * gopSeconds) / 10 } : {}),
  };
}

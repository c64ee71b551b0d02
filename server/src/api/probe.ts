/**
 * Opens a source for a moment, to see whether it works and what it has. Nothing of it is kept: the stream that it plays in
 * has no place among the streams.
 */
import { type CameraTrack, cameraTracks } from '../cameras/camera-state.ts';
import { registerUrlPasswords } from '../config/load.ts';
import { ACCEPT_ANY } from '../core/accepts.ts';
import { type ErrorCode, StreamError, toStreamError } from '../core/errors.ts';
import { inspectStream } from '../core/inspect.ts';
import { type Consumer, createPeer } from '../core/model.ts';
import { Stream } from '../core/stream.ts';
import type { Snapshots } from '../formats/jpeg/snapshot.ts';
import type { ApiContext } from './context.ts';

export interface ProbeResult {
  /** With the credentials in it. */
  readonly source: string;
  readonly tracks: readonly CameraTrack[];
  readonly talk: boolean;
  /** A data URL. */
  readonly snapshot?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

const NAME = 'probe';
const TIMEOUT_MS = 15_000;
const MAX_PROBES = 4;
const SNAPSHOT_WIDTH = 1280;

let running = 0;

/** Never rejects for what the source does; rejects with StreamError `limit` where too many are looked at already. */
export async function probeSource(
  { services, log }: ApiContext,
  snapshots: Snapshots,
  source: string,
  left: AbortSignal,
): Promise<ProbeResult> {
  if (running >= MAX_PROBES) throw new StreamError('limit', `${MAX_PROBES} sources are looked at already`);
  registerUrlPasswords(source);
  const late = new StreamError('timeout', `no picture within ${TIMEOUT_MS / 1000} s`);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(late), TIMEOUT_MS);
  const stream = new Stream({
    name: NAME,
    sources: [source],
    open: (text, signal) => services.open(text, { stream: NAME, signal, log, services }),
    log,
    lingerMs: 0,
  });
  running++;
  try {
    return await look(stream, source, snapshots, AbortSignal.any([left, timeout.signal]));
  } finally {
    running--;
    clearTimeout(timer);
    stream.close();
  }
}

async function look(
  stream: Stream,
  source: string,
  snapshots: Snapshots,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const consumer: Consumer = {
    peer: createPeer({ format: 'probe', protocol: 'http' }),
    accepts: ACCEPT_ANY,
    start: () => {},
    write: () => {},
    close: () => {},
  };
  // Whoever waits for the source is told when there is no more time.
  const end = (): void => stream.close(toStreamError(signal.reason));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    await stream.attach(consumer);
    const tracks = cameraTracks(inspectStream(stream), new Map());
    const hasVideo = tracks.some(({ kind }) => kind === 'video');
    const picture = hasVideo ? await snapshots.take(stream, { width: SNAPSHOT_WIDTH }, signal) : undefined;
    return {
      ...seen(stream, source),
      ...(picture ? { snapshot: `data:image/jpeg;base64,${picture.jpeg.toString('base64')}` } : {}),
    };
  } catch (error) {
    const { code, message } = toStreamError(error);
    return { ...seen(stream, source), error: { code, message } };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function seen(stream: Stream, source: string): ProbeResult {
  const info = inspectStream(stream);
  return {
    source,
    tracks: cameraTracks(info, new Map()),
    talk: info.sources.some(({ hasLoudspeaker }) => hasLoudspeaker === true),
  };
}

/** The source with the user and the password in its address; those that stand there already give way. */
export function withCredentials(source: string, username: string, password: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:(?:[a-z]+:)?\/\/)(?:[^/?#]*@)?(.*)$/is.exec(source) ?? [];
  if (scheme === undefined || rest === undefined) {
    throw new StreamError('invalid', 'a source without an address takes no user and password');
  }
  const user = password === '' ? encode(username) : `${encode(username)}:${encode(password)}`;
  return `${scheme}${user}@${rest}`;
}

/** What `encodeURIComponent` leaves as it is and some parsers do not. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

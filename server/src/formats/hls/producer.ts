/**
 * HTTP Live Streaming as a source: live and VOD, MPEG-TS, fragmented MP4 and packed audio, AES-128, sound in a playlist of
 * its own.
 *
 *   playlist ─→ Follower ─→ segment ─→ Rendition (demuxer, time line) ─→ Pacer ─→ write
 *
 * Source of truth: RFC 8216.
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createPeer, type Peer, type Producer, type Track } from '../../core/model.ts';
import { type Fetched, HlsFetcher, type Origin, resolveUrl } from './fetch.ts';
import { Follower } from './follower.ts';
import { Pacer } from './pacer.ts';
import type { ParsedMedia } from './playlist-parser.ts';
import { Eras, type Kinds, Rendition } from './rendition.ts';
import { chooseVariant } from './variant.ts';

/** How far ahead of its time media is loaded. */
const AHEAD_SECONDS = 10;
const AHEAD_TARGETS = 4;
const FULL_BYTES = 64 << 20;
/** With so much waiting, the next segment is loaded only when the last one is due. */
const COMFORT_TARGETS = 5;
/** Segments that may pass before all tracks are known. */
const PROBE_SEGMENTS = 4;

interface Level {
  readonly url: string;
  readonly playlist: ParsedMedia;
  readonly kinds: Kinds;
}

/** Opens a playlist. Resolves when the tracks are known; rejects with StreamError. */
export async function openHls(origin: Origin, signal: AbortSignal): Promise<Producer> {
  const fetcher = new HlsFetcher(origin);
  const first = await fetcher.playlist(origin.url, signal);
  const levels = await mediaLevels(fetcher, first, signal);
  const peer = createPeer({ format: 'hls', protocol: 'http', url: first.url });
  const session = createSession(fetcher, levels, peer);
  const abort = (): void => session.stop(toStreamError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const tracks = await session.tracks;
    return { peer, tracks, run: session.run };
  } catch (error) {
    session.stop(toStreamError(error));
    throw toStreamError(error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function mediaLevels(fetcher: HlsFetcher, first: Fetched, signal: AbortSignal): Promise<Level[]> {
  if (first.playlist.kind === 'media')
    return [{ url: first.url, playlist: first.playlist, kinds: ['video', 'audio'] }];
  const choice = chooseVariant(first.playlist);
  if (!choice) throw new StreamError('protocol', 'hls: the master playlist names no variant');
  const { variant, audioUri } = choice;
  const load = async (uri: string, kinds: Kinds): Promise<Level> => {
    const { url, playlist } = await fetcher.playlist(resolveUrl(first.url, uri), signal);
    if (playlist.kind !== 'media')
      throw new StreamError('protocol', 'hls: master playlists within each other');
    return { url, playlist, kinds };
  };
  if (audioUri === undefined || audioUri === variant.uri)
    return [await load(variant.uri, ['video', 'audio'])];
  return Promise.all([load(variant.uri, ['video']), load(audioUri, ['audio'])]);
}

interface Session {
  /** All of them, as soon as they are known. */
  readonly tracks: Promise<readonly Track[]>;
  readonly run: Producer['run'];
  stop(reason: StreamError): void;
}

function createSession(fetcher: HlsFetcher, levels: readonly Level[], peer: Peer): Session {
  const stopped = new AbortController();
  const { signal } = stopped;
  const eras = new Eras();
  let skipped = 0;
  const followers = levels.map(
    ({ url, playlist }) => new Follower(fetcher, url, playlist, (count) => (skipped += count)),
  );
  const targetSeconds = Math.max(...followers.map((follower) => follower.targetSeconds));
  const isLive = followers.some(({ live }) => live);
  const pacer = new Pacer(isLive ? COMFORT_TARGETS * targetSeconds : Number.POSITIVE_INFINITY);
  const aheadSeconds = Math.max(AHEAD_SECONDS, AHEAD_TARGETS * targetSeconds);
  const renditions = levels.map(({ kinds }) => new Rendition(eras, kinds, (packet) => pacer.push(packet)));
  const probed = renditions.map(() => Promise.withResolvers<void>());

  const count = (): void => {
    peer.bytesReceived = fetcher.bytes;
    peer.corrupt = skipped + renditions.reduce((sum, { corrupt }) => sum + corrupt, 0);
  };
  const follow = async (index: number): Promise<void> => {
    const [follower, rendition, known] = [followers[index]!, renditions[index]!, probed[index]!];
    for (let fed = 1; ; fed++) {
      const delivery = await follower.next(signal);
      if (!delivery) break;
      await rendition.feed(delivery);
      count();
      if (rendition.ready || fed >= PROBE_SEGMENTS) known.resolve();
      else continue;
      const ahead = pacer.bytes > FULL_BYTES ? 0 : aheadSeconds;
      await pacer.reached(rendition.endSeconds - ahead);
      signal.throwIfAborted();
    }
    rendition.flush();
    known.resolve();
  };
  Promise.all(levels.map((_, index) => follow(index))).then(
    () => pacer.end(),
    (error) => {
      const failure = toStreamError(error);
      for (const known of probed) known.reject(failure);
      pacer.end(failure);
      stopped.abort(failure);
    },
  );

  return {
    tracks: Promise.all(probed.map(({ promise }) => promise)).then(() => {
      const tracks = renditions.flatMap((rendition) => rendition.tracks);
      if (tracks.length === 0) throw new StreamError('protocol', 'hls: no track found in the segments');
      return tracks;
    }),
    async run(write, runSignal) {
      const stop = (): void => stopped.abort(toStreamError(runSignal.reason));
      runSignal.addEventListener('abort', stop, { once: true });
      if (runSignal.aborted) stop();
      try {
        await pacer.run(write, runSignal);
      } finally {
        runSignal.removeEventListener('abort', stop);
        stopped.abort(new StreamError('aborted', 'hls: stopped'));
      }
    },
    stop: (reason) => stopped.abort(reason),
  };
}

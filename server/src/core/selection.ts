/**
 * Matches what a consumer accepts with what the sources of a stream offer, opening them as needed.
 *
 * For each request: configured sources in order, the first track that fits; then, of the sources opened so far, the
 * first PCM track that can be converted in process; then a transcode of the first track that can be transcoded. A later
 * source is not opened when an earlier one has it all, and a transcode that fails costs only the track it would have made.
 */
import { StreamError, toStreamError } from './errors.ts';
import type { Accepts, MediaRequest } from './model.ts';
import { accepts, conversionTarget, noMatchError } from './negotiate.ts';
import type { Source } from './source.ts';
import type { LiveTrack } from './tracks.ts';
import type { Transcodes } from './transcode.ts';

/** Tracks chosen for one consumer; their sources are held until `release`. */
export interface Selection {
  readonly liveTracks: readonly LiveTrack[];
  /** The request that each of `liveTracks` answers, by the same index. */
  readonly requests: readonly MediaRequest[];
  readonly sources: readonly Source[];
  release(): void;
}

/**
 * Rejects with StreamError: the sources' own failure when none could be opened, that of a transcode when nothing else
 * would do, else `no_match`.
 */
export async function select(
  streamName: string,
  sources: readonly Source[],
  wanted: Accepts,
  transcodes: Transcodes,
): Promise<Selection> {
  const opened: Source[] = [];
  const failures = new Map<Source, StreamError>();
  const refusals: StreamError[] = [];
  const chosen = new Map<LiveTrack, { request: MediaRequest; source: Source }>();

  const open = async (source: Source): Promise<boolean> => {
    if (opened.includes(source)) return true;
    if (failures.has(source)) return false;
    try {
      await source.open();
      opened.push(source);
      return true;
    } catch (error) {
      failures.set(source, toStreamError(error));
      return false;
    }
  };

  const chooseDirect = async (request: MediaRequest): Promise<boolean> => {
    let found = false;
    for (const source of sources) {
      if (!(await open(source))) continue;
      for (const live of source.activeTracks) {
        if (chosen.has(live) || !accepts(request, live.track.codec)) continue;
        chosen.set(live, { request, source });
        found = true;
        if (!request.all) return true;
      }
    }
    return found;
  };

  const chooseConverted = (request: MediaRequest): boolean => {
    for (const source of opened) {
      for (const live of source.activeTracks) {
        const target = conversionTarget(request, live.track.codec);
        if (!target) continue;
        chosen.set(live.deriveTo(target), { request, source });
        return true;
      }
    }
    return false;
  };

  const chooseTranscoded = async (request: MediaRequest): Promise<void> => {
    try {
      for (const source of opened) {
        for (const live of source.activeTracks) {
          const made = await transcodes.open(source, live, request);
          if (!made) continue;
          if (chosen.has(made.live)) made.source.release();
          else chosen.set(made.live, { request, source: made.source });
          return;
        }
      }
    } catch (error) {
      refusals.push(toStreamError(error));
    }
  };

  const missing: MediaRequest[] = [];
  for (const request of wanted) {
    if (!(await chooseDirect(request)) && !chooseConverted(request)) missing.push(request);
  }
  // Asked for twice, there once: nothing would be gained by making it again.
  const isAnswered = (request: MediaRequest): boolean =>
    [...chosen.keys()].some(({ track }) => accepts(request, track.codec));
  await Promise.all(missing.filter((request) => !isAnswered(request)).map(chooseTranscoded));

  const choices = [...chosen].sort(([, a], [, b]) => wanted.indexOf(a.request) - wanted.indexOf(b.request));
  const used = new Set(choices.map(([, { source }]) => source));
  for (const source of opened) if (!used.has(source)) source.release();
  if (chosen.size === 0) throw explain(streamName, opened, [...failures.values()], refusals, wanted);

  let released = false;
  return {
    liveTracks: choices.map(([live]) => live),
    requests: choices.map(([, { request }]) => request),
    sources: [...used],
    release() {
      if (released) return;
      released = true;
      for (const source of used) source.release();
    },
  };
}

function explain(
  streamName: string,
  opened: readonly Source[],
  failures: readonly StreamError[],
  refusals: readonly StreamError[],
  wanted: Accepts,
): StreamError {
  const [first] = [...failures, ...refusals];
  if (!first && opened.length === 0) {
    return new StreamError('not_found', `stream ${streamName} has no source and nobody publishes to it`);
  }
  const offered = opened.flatMap((source) => source.activeTracks.map(({ track }) => track.codec));
  if (!first) return noMatchError(offered, wanted);
  const messages = new Set(failures.map(({ message }) => message));
  if (opened.length > 0) messages.add(noMatchError(offered, wanted).message);
  for (const { message } of refusals) messages.add(message);
  return new StreamError(first.code, [...messages].join(', '), first);
}

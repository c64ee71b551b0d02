/**
 * Matches what a consumer accepts with what the sources of a stream offer, opening them as needed.
 *
 * For each request: configured sources in order, the first track that fits; then, of the sources opened so far, the
 * first PCM track that can be converted in process. A later source is not opened when an earlier one has it all.
 */
import { StreamError, toStreamError } from './errors.ts';
import type { Accepts, MediaRequest } from './model.ts';
import { accepts, conversionTarget, noMatchError } from './negotiate.ts';
import type { Source } from './source.ts';
import type { LiveTrack } from './tracks.ts';

/** Tracks chosen for one consumer; their sources are held until `release`. */
export interface Selection {
  readonly liveTracks: readonly LiveTrack[];
  /** The request that each of `liveTracks` answers, by the same index. */
  readonly requests: readonly MediaRequest[];
  readonly sources: readonly Source[];
  release(): void;
}

/** Rejects with StreamError: the sources' own failure when none could be opened, else `no_match`. */
export async function select(
  streamName: string,
  sources: readonly Source[],
  wanted: Accepts,
): Promise<Selection> {
  const opened: Source[] = [];
  const failures = new Map<Source, StreamError>();
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

  const chooseConverted = (request: MediaRequest): void => {
    for (const source of opened) {
      for (const live of source.activeTracks) {
        const target = conversionTarget(request, live.track.codec);
        if (!target) continue;
        chosen.set(live.deriveTo(target), { request, source });
        return;
      }
    }
  };

  for (const request of wanted) {
    if (!(await chooseDirect(request))) chooseConverted(request);
  }

  const used = opened.filter((source) => [...chosen.values()].some((choice) => choice.source === source));
  for (const source of opened) if (!used.includes(source)) source.release();
  if (chosen.size === 0) throw explain(streamName, opened, failures, wanted);

  let released = false;
  return {
    liveTracks: [...chosen.keys()],
    requests: [...chosen.values()].map(({ request }) => request),
    sources: used,
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
  failures: ReadonlyMap<Source, StreamError>,
  wanted: Accepts,
): StreamError {
  const reasons = [...failures.values()];
  const [first] = reasons;
  if (!first && opened.length === 0) {
    return new StreamError('not_found', `stream ${streamName} has no source and nobody publishes to it`);
  }
  const offered = opened.flatMap((source) => source.activeTracks.map(({ track }) => track.codec));
  if (!first) return noMatchError(offered, wanted);
  const messages = new Set(reasons.map(({ message }) => message));
  if (opened.length > 0) messages.add(noMatchError(offered, wanted).message);
  return new StreamError(first.code, [...messages].join(', '), first);
}

/**
 * MP4 as it streams: fragmented (ISO 14496-12 §8.8; CMAF, DASH, what browsers record and this server sends), or with
 * its movie header in front.
 *
 *   ftyp │ moov │ moof │ mdat V0 A0 A1 │ moof │ mdat V1 A2 │ … │ moov: goes on with other tracks │ moof …
 *
 * A sample is written as soon as its bytes are there: what a fragment holds does not wait for its end. `styp`, `sidx`,
 * `emsg`, `free` and what else may stand between is skipped.
 */
import type { Codec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { BoxStream } from './box-stream.ts';
import { Lane, type Spot } from './lane.ts';
import { readFragment } from './read-fragment.ts';
import { type MovieTrack, readMovie } from './read-movie.ts';
import { readSampleTable } from './read-sample-table.ts';
import { SampleQueue } from './sample-queue.ts';

/** Demuxer. Throws StreamError for what can never be played: encrypted, index at the end, no movie header. */
export function createDemuxer(): Demuxer {
  const queue = new SampleQueue();
  const ids = new Map<string, number>();
  let lanes: ReadonlyMap<number, Lane> = new Map();
  let movieHeader: Buffer | undefined;
  let absolute = false;
  let writeTo: WritePacket = () => {};

  /** The second video track of a new movie header is the second one of the old. */
  const idOf = (codec: Codec, tracks: readonly MovieTrack[], index: number): number => {
    const ordinal = tracks.slice(0, index).filter((other) => other.codec.kind === codec.kind).length;
    const name = `${codec.kind}${ordinal}`;
    const id = ids.get(name) ?? ids.size;
    ids.set(name, id);
    return id;
  };

  const takeMovie = (moov: Buffer): void => {
    queue.flush(writeTo);
    if (movieHeader?.equals(moov)) return;
    const tracks = readMovie(moov);
    movieHeader = moov;
    lanes = new Map(
      tracks.map((track, index) => [track.trackId, new Lane(idOf(track.codec, tracks, index), track)]),
    );
    const spots: Spot[] = [...lanes.values()].flatMap(readSampleTable);
    if (spots.length > 0) queue.replace(spots, writeTo);
    absolute = false;
  };

  const boxes = new BoxStream({
    box(type, payload, start) {
      if (type === 'moov') {
        takeMovie(payload);
        return;
      }
      if (lanes.size === 0)
        throw new StreamError('protocol', 'mp4: fragments without a movie header (moov) before them');
      const fragment = readFragment(payload, start, lanes);
      queue.replace(fragment.spots, writeTo);
      absolute = fragment.absolute;
    },
    mediaStart(position, end) {
      if (lanes.size === 0) {
        throw new StreamError(
          'unsupported',
          'mp4: the index (moov) is behind the media; make it with -movflags +faststart or fragmented',
        );
      }
      // Positions in a file whose beginning was left out.
      if (absolute && !queue.within(position, end)) queue.moveTo(position);
      absolute = false;
    },
    media: (bytes, position) => queue.take(bytes, position, writeTo),
    mediaEnd: () => queue.mediaEnd(),
  });

  const known = (): Track[] => [...lanes.values()].flatMap(({ reader }) => reader.track ?? []);
  return {
    get ready() {
      return lanes.size > 0 && known().length === lanes.size;
    },
    get tracks() {
      return known();
    },
    get corrupt() {
      return boxes.losses + queue.corrupt;
    },
    push(bytes, write) {
      writeTo = write;
      boxes.push(bytes);
    },
    flush: (write) => queue.flush(write),
  };
}

/** NUT files and pipes to packets; what its streams are is in lane.ts, how it is read in reader.ts. */
import type { Demuxer, WritePacket } from '../../core/model.ts';
import { createLane, type NutLane } from './lane.ts';
import { type NutFrame, NutReader } from './reader.ts';

/** Demuxer; ready when the headers of all streams are read and their parameter sets known. */
export function createDemuxer(): Demuxer {
  const reader = new NutReader();
  const lanes = new Map<number, NutLane | undefined>();
  let badFrames = 0;

  const laneOf = (id: number): NutLane | undefined => {
    const stream = reader.streams.find((candidate) => candidate.id === id);
    if (!lanes.has(id) && stream) lanes.set(id, createLane(stream));
    return lanes.get(id);
  };
  const known = (): NutLane[] => reader.streams.flatMap(({ id }) => laneOf(id) ?? []);

  return {
    get ready() {
      return reader.complete && known().length > 0 && known().every(({ track }) => track !== undefined);
    },
    get tracks() {
      return known().flatMap(({ track }) => track ?? []);
    },
    get corrupt() {
      return reader.corrupt + badFrames;
    },
    push(bytes: Buffer, write: WritePacket) {
      reader.push(bytes, (frame: NutFrame) => {
        const lane = laneOf(frame.stream.id);
        const packet = lane?.packet(frame);
        if (packet) write(packet);
        else if (lane?.track) badFrames++;
      });
    },
    flush: () => reader.flush(),
  };
}

/**
 * MPEG transport stream → packets of tracks.
 *
 *   bytes → packet-splitter → pid 0:    section-reader → PAT
 *                             PMT pid:  section-reader → PMT → which pids are read, and how (program-tables)
 *                             pid:      pes-reader → video-reader or audio-reader → Packet
 *
 * Tracks are numbered by kind (video 0, 2 …, audio 1, 3 …), so they keep their ids when a new PMT moves them to other
 * pids. Packets that are lost or damaged cost the unit that they belong to.
 *
 * Source of truth: ISO 13818-1 §2.4.3 (packets, continuity), §2.4.4 (tables). transport.ts and tables.ts picture them.
 */
import type { Codec } from '../../codecs/codec.ts';
import type { Demuxer, Track, WritePacket } from '../../core/model.ts';
import { type ElementaryReader, kindOf, openElementaryStream } from './elementary.ts';
import { createPacketSplitter } from './packet-splitter.ts';
import { PidReader } from './pid-reader.ts';
import { createProgramTables } from './program-tables.ts';
import type { ElementaryStream } from './tables.ts';
import { createUnwrapper, PAT_PID } from './transport.ts';

/** One elementary stream in use. */
interface Lane {
  readonly id: number;
  readonly stream: ElementaryStream;
  readonly reader: ElementaryReader;
}

const MAX_STREAMS = 16;

/** Demuxer of transport streams. */
export function createDemuxer(): Demuxer {
  const unwrap = createUnwrapper();
  const pids = new Map<number, PidReader>();
  const tracks = new Map<number, Track>();
  let lanes: readonly Lane[] = [];
  let goneCorrupt = 0;
  let write: WritePacket = () => {};

  const setPid = (pid: number, reader: PidReader | undefined): void => {
    goneCorrupt += pids.get(pid)?.corrupt ?? 0;
    if (reader) pids.set(pid, reader);
    else pids.delete(pid);
  };

  /** The track of this id: a new object if its codec has changed. */
  const trackOf = (id: number, codec: Codec): Track => {
    const known = tracks.get(id);
    if (known?.codec === codec) return known;
    const track = { id, codec };
    tracks.set(id, track);
    return track;
  };

  const openLane = (id: number, stream: ElementaryStream): Lane | undefined => {
    const reader = openElementaryStream(stream, unwrap, ({ codec, data, pts, dts, duration, key }) =>
      write({ track: trackOf(id, codec), data, pts, dts, duration, key, time: Date.now() }),
    );
    return reader && { id, stream, reader };
  };

  const useStreams = (streams: readonly ElementaryStream[]): void => {
    const next: Lane[] = [];
    const counts = { video: 0, audio: 0 };
    for (const stream of streams) {
      const kind = kindOf(stream);
      if (!kind || next.length === MAX_STREAMS || next.some((lane) => lane.stream.pid === stream.pid))
        continue;
      const id = 2 * counts[kind]++ + (kind === 'audio' ? 1 : 0);
      const lane =
        lanes.find((known) => known.id === id && isSame(known.stream, stream)) ?? openLane(id, stream);
      if (lane) next.push(lane);
    }
    for (const lane of lanes) {
      if (next.includes(lane)) continue;
      lane.reader.flush();
      setPid(lane.stream.pid, undefined);
    }
    for (const lane of next) if (!lanes.includes(lane)) setPid(lane.stream.pid, new PidReader(lane.reader));
    for (const id of tracks.keys()) if (!next.some((lane) => lane.id === id)) tracks.delete(id);
    lanes = next;
  };

  const programTables = createProgramTables({
    isKnown: (stream) => kindOf(stream) !== undefined,
    onTablePid: (pid, reader) => {
      if (pid !== PAT_PID) setPid(pid, reader && new PidReader(reader));
    },
    onStreams: useStreams,
  });
  pids.set(PAT_PID, new PidReader(programTables));
  const splitter = createPacketSplitter((data, at) => {
    pids.get(data.readUInt16BE(at + 1) & 0x1fff)?.push(data, at);
  });

  return {
    get ready() {
      return lanes.length > 0 && lanes.every(({ reader }) => reader.codec !== undefined);
    },
    get tracks() {
      // Some codecs are known by the PMT alone, before their first packet.
      for (const { id, reader } of lanes) if (reader.codec && !tracks.has(id)) trackOf(id, reader.codec);
      return [...tracks.values()].sort((a, b) => a.id - b.id);
    },
    get corrupt() {
      let corrupt = goneCorrupt + splitter.losses;
      for (const reader of pids.values()) corrupt += reader.corrupt;
      return corrupt;
    },
    push(bytes, writePacket) {
      write = writePacket;
      splitter.push(bytes);
    },
    flush(writePacket) {
      write = writePacket;
      for (const { reader } of lanes) reader.flush();
    },
  };
}

const isSame = (a: ElementaryStream, b: ElementaryStream): boolean =>
  a.pid === b.pid && a.streamType === b.streamType && a.descriptors.equals(b.descriptors);

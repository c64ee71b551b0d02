/**
 * Live Matroska: it carries every codec of the server, each packet with its exact time.
 *
 * Source of truth: RFC 9559 (Matroska), RFC 8794 (EBML).
 *
 *   EBML  Segment(unknown size)  Info  Tracks │ Cluster(unknown size) Timestamp SimpleBlock SimpleBlock … │ Cluster …
 *
 *   SimpleBlock   track number | s16 time since the cluster's | flags: 80 = key | packet data, as it is
 *
 * A tick is 10 µs: finer than the clock of any track, so that a reader who rounds gets every sample's number back. A
 * cluster begins where a viewer may, and where the 16 bits of a block's time end.
 */
import type { Chunk, Muxer, Packet, Track } from '../../core/model.ts';
import { element, openElement, text, unsigned } from './ebml.ts';
import { trackEntry } from './track-entry.ts';

const ID = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  ebmlMaxIdLength: 0x42f2,
  ebmlMaxSizeLength: 0x42f3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const TICKS_PER_SECOND = 100_000;
const NANOSECONDS_PER_TICK = 1e9 / TICKS_PER_SECOND;
const MAXIMUM_OFFSET = 0x7fff;
const APPLICATION = 'Porthole';

const BLOCK_HEADER_BYTES = 4;
const CLUSTER_START = openElement(ID.cluster);

export interface MatroskaOptions {
  /** Seconds of the stream's time line that are zero in the file; else the file begins with its first packet. */
  readonly originSeconds?: number | undefined;
}

/** Makes a muxer. Throws StreamError `unsupported` if one of the tracks cannot be carried. */
export function createMatroskaMuxer(
  tracks: readonly Track[],
  { originSeconds }: MatroskaOptions = {},
): Muxer {
  const numbers = new Map(tracks.map(({ id }, index) => [id, index + 1]));
  const hasVideo = tracks.some(({ codec }) => codec.kind === 'video');
  let origin = originSeconds === undefined ? undefined : originSeconds * TICKS_PER_SECOND;
  let clusterTicks: number | undefined;

  return {
    contentType: hasVideo ? 'video/x-matroska' : 'audio/x-matroska',
    header: [fileHeader(tracks)],
    mux(packet: Packet): Chunk | undefined {
      const number = numbers.get(packet.track.id);
      if (number === undefined || packet.data.length === 0) return undefined;
      const { codec } = packet.track;
      const seconds = packet.dts / codec.timeBase;
      origin ??= seconds * TICKS_PER_SECOND;
      const ticks = Math.round((packet.pts / codec.timeBase) * TICKS_PER_SECOND - origin);
      // Audio from before the first picture that came late.
      if (ticks < 0) return undefined;
      const key = hasVideo ? codec.kind === 'video' && packet.key : true;
      const starts = key || clusterTicks === undefined || Math.abs(ticks - clusterTicks) > MAXIMUM_OFFSET;
      if (starts) clusterTicks = ticks;
      const block = blockStart(number, ticks - clusterTicks!, packet.key, packet.data.length);
      const head = starts ? Buffer.concat([CLUSTER_START, unsigned(ID.timestamp, ticks), block]) : block;
      return {
        body: [head, packet.data],
        bytes: head.length + packet.data.length,
        key,
        seconds,
        packets: 1,
      };
    },
  };
}

function fileHeader(tracks: readonly Track[]): Buffer {
  return Buffer.concat([
    element(
      ID.ebml,
      unsigned(ID.ebmlVersion, 1),
      unsigned(ID.ebmlReadVersion, 1),
      unsigned(ID.ebmlMaxIdLength, 4),
      unsigned(ID.ebmlMaxSizeLength, 8),
      text(ID.docType, 'matroska'),
      unsigned(ID.docTypeVersion, 4),
      unsigned(ID.docTypeReadVersion, 2),
    ),
    openElement(ID.segment),
    element(
      ID.info,
      unsigned(ID.timestampScale, NANOSECONDS_PER_TICK),
      text(ID.muxingApp, APPLICATION),
      text(ID.writingApp, APPLICATION),
    ),
    element(ID.tracks, ...tracks.map(({ codec }, index) => trackEntry(index + 1, codec))),
  ]);
}

/** A SimpleBlock up to its data. */
function blockStart(number: number, offset: number, key: boolean, dataBytes: number): Buffer {
  const start = Buffer.allocUnsafe(5 + BLOCK_HEADER_BYTES);
  start[0] = ID.simpleBlock;
  start.writeUInt32BE((0x10000000 | (BLOCK_HEADER_BYTES + dataBytes)) >>> 0, 1);
  start[5] = 0x80 | number;
  start.writeInt16BE(offset, 6);
  start[8] = key ? 0x80 : 0;
  return start;
}

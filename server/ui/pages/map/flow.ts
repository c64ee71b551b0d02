/**
 * How fast bytes move along the edges, from the counters of one answer of the server and the one before. Pure.
 */
import type { Edge } from './graph.ts';

export interface Flow {
  /** Bits a second since the answer before. */
  readonly rate: number;
  /** `waiting`: not for long enough to say that it stopped. */
  readonly state: 'moving' | 'waiting' | 'stopped';
  readonly bytes: number;
  /** ms since 1970: when this was read, and when bytes had last moved. */
  readonly time: number;
  readonly movedAt: number;
}

export type Flows = ReadonlyMap<string, Flow>;

/** A live track has a packet at least every second or so; what moves in bursts, such as HLS segments, pauses longer. */
const STOPPED_MS = 3000;
const BURSTS_STOPPED_MS = 20_000;

/** The flows of these edges at `time`; edges that are new have no rate yet. */
export function measureFlows(edges: readonly Edge[], before: Flows, time: number): Flows {
  return new Map(edges.map((edge) => [edge.id, measure(edge, before.get(edge.id), time)]));
}

function measure({ bytes, broken, bursts }: Edge, before: Flow | undefined, time: number): Flow {
  const start: Flow = { rate: 0, state: broken ? 'stopped' : 'waiting', bytes, time, movedAt: time };
  if (!before || time <= before.time) return before ?? start;
  // A counter that fell began anew with a connection.
  const moved = bytes >= before.bytes ? bytes - before.bytes : bytes;
  if (broken) return { ...start, movedAt: before.movedAt };
  if (moved > 0) {
    return { ...start, state: 'moving', rate: Math.round((moved * 8000) / (time - before.time)) };
  }
  const stopped = time - before.movedAt >= (bursts ? BURSTS_STOPPED_MS : STOPPED_MS);
  return { ...start, state: stopped ? 'stopped' : 'waiting', movedAt: before.movedAt };
}

/**
 * How fast bytes move along the edges, from the counters of one answer of the server and the one before. Pure.
 */
import type { Edge } from './graph.ts';

export interface Flow {
  /** Bits a second since the answer before; 0 as long as there is none. */
  readonly rate: number;
  readonly measured: boolean;
  /** `waiting`: not for long enough to say that it stopped. */
  readonly state: 'moving' | 'waiting' | 'stopped';
  readonly bytes: number;
  readonly total: number | undefined;
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

/** Bits a second of all these edges; undefined while none of them has been measured. */
export function totalRate(edges: readonly Pick<Edge, 'id'>[], flows: Flows): number | undefined {
  const measured = edges.flatMap(({ id }) => flows.get(id) ?? []).filter((flow) => flow.measured);
  if (measured.length === 0 && edges.length > 0) return undefined;
  return measured.reduce((sum, { rate }) => sum + rate, 0);
}

function measure(edge: Edge, before: Flow | undefined, time: number): Flow {
  const { bytes, total, broken, bursts } = edge;
  const start: Flow = {
    rate: 0,
    measured: before !== undefined,
    state: broken ? 'stopped' : 'waiting',
    bytes,
    total,
    time,
    movedAt: time,
  };
  if (!before || time <= before.time) return before ?? start;
  if (broken) return { ...start, movedAt: before.movedAt };
  const moved = movedBytes(edge, before);
  if (moved > 0) {
    return { ...start, state: 'moving', rate: Math.round((moved * 8000) / (time - before.time)) };
  }
  const stopped = time - before.movedAt >= (bursts ? BURSTS_STOPPED_MS : STOPPED_MS);
  return { ...start, state: stopped ? 'stopped' : 'waiting', movedAt: before.movedAt };
}

function movedBytes({ bytes, total }: Edge, before: Flow): number {
  const moved = bytes - before.bytes;
  // No track of a viewer got more than the viewer did, whatever its share is said to be now.
  if (total !== undefined && before.total !== undefined) {
    return Math.max(0, Math.min(moved, total - before.total));
  }
  // A counter that fell began anew with a connection.
  return moved >= 0 ? moved : bytes;
}

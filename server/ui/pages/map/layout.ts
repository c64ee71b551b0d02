/**
 * Where everything of the map stands. Pure: the same graph gets the same places.
 *
 *   wide      source   track   transcoder   viewer        narrow    source
 *             ───────────────────────────────────→                  track
 *                                                                   transcoder
 *                                                                   viewer
 *
 * Each camera is laid out by itself, so that what happens to one leaves the others where they are. Dagre decides who is
 * beside whom and where long edges pass; the columns are ours, so that they are the same for all cameras.
 */
import { Graph as DagreGraph, layout as runDagre } from '@dagrejs/dagre';
import type { Edge, Group, MapNode } from './graph.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface EdgeShape {
  /** An SVG path. */
  readonly path: string;
  /** Where it arrives: its rate is written before that. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly vertical: boolean;
  readonly groups: ReadonlyMap<string, Box>;
  readonly nodes: ReadonlyMap<string, Box>;
  readonly edges: ReadonlyMap<string, EdgeShape>;
}

const WIDE_NODE = { width: 186, height: 58 };
const NARROW_NODE = { width: 156, height: 54 };
/** Between two columns: room for a rate. */
const WIDE_STEP = { least: 92, most: 260 };
const NARROW_STEP = 46;
const BESIDE = 12;
/** Between edges that reach the same node: so much that the rates beside them don't touch. */
const WIDE_PORTS = 18;
const NARROW_PORTS = 58;
const TITLE_HEIGHT = 40;
const PADDING = 12;
const BETWEEN_GROUPS = 16;

/** Lays the groups out for a window of this width; those in which nothing flows come last, side by side. */
export function layoutMap(groups: readonly Group[], available: number, vertical: boolean): Layout {
  const hasTranscoders = groups.some(({ nodes }) => nodes.some(({ kind }) => kind === 'transcoder'));
  const columns = hasTranscoders ? COLUMNS : COLUMNS.filter((kind) => kind !== 'transcoder');
  const frame = createFrame(columns, vertical, available);
  const boxes = new Map<string, Box>();
  const nodes = new Map<string, Box>();
  const edges = new Map<string, EdgeShape>();
  let width = 0;
  let x = 0;
  let y = 0;
  let rowHeight = 0;

  const isQuiet = (group: Group) => group.edges.length === 0;
  const quiet = quietFrame(frame, available);
  for (const group of [
    ...groups.filter((each) => !isQuiet(each)),
    ...groups.filter(isQuiet).sort(failedFirst),
  ]) {
    const drawn = layoutGroup(group, isQuiet(group) ? quiet : frame);
    const box = {
      width: isQuiet(group) ? quiet.node.width + 2 * PADDING : Math.max(drawn.width + 2 * PADDING, available),
      height: TITLE_HEIGHT + drawn.height + PADDING,
    };
    if (x > 0 && x + box.width > available) {
      x = 0;
      y += rowHeight + BETWEEN_GROUPS;
      rowHeight = 0;
    }
    boxes.set(group.id, { x, y, ...box });
    const left = x + Math.floor((box.width - drawn.width) / 2);
    const top = y + TITLE_HEIGHT;
    for (const [id, at] of drawn.nodes) nodes.set(id, { ...at, x: at.x + left, y: at.y + top });
    for (const [id, line] of drawn.edges) edges.set(id, shape(line, left, top, vertical));
    width = Math.max(width, x + box.width);
    rowHeight = Math.max(rowHeight, box.height);
    x += box.width + BETWEEN_GROUPS;
  }
  return { width, height: y + rowHeight, vertical, groups: boxes, nodes, edges };
}

/** What tells one layout from another: compare it before laying out anew. */
export function layoutKey(groups: readonly Group[], available: number, vertical: boolean): string {
  const ids = groups.map((group) => [
    group.id,
    hasFailed(group),
    group.nodes.map(({ id }) => id),
    group.edges.map(({ id }) => id),
  ]);
  return JSON.stringify([available, vertical, ids]);
}

const COLUMNS: readonly MapNode['kind'][] = ['source', 'track', 'transcoder', 'viewer'];

interface Frame {
  readonly columns: readonly MapNode['kind'][];
  readonly vertical: boolean;
  readonly node: { readonly width: number; readonly height: number };
  /** Between the columns. */
  readonly step: number;
}

function createFrame(columns: readonly MapNode['kind'][], vertical: boolean, available: number): Frame {
  if (vertical) return { columns, vertical, node: NARROW_NODE, step: NARROW_STEP };
  const room = (available - 2 * PADDING - columns.length * WIDE_NODE.width) / (columns.length - 1);
  const step = Math.floor(Math.min(WIDE_STEP.most, Math.max(WIDE_STEP.least, room)));
  return { columns, vertical, node: WIDE_NODE, step };
}

/** Cameras that nobody watches are cells of an even grid, their sources one under the other. */
function quietFrame(frame: Frame, available: number): Frame {
  const perRow = Math.max(
    frame.vertical ? 2 : 1,
    Math.floor((available + BETWEEN_GROUPS) / (frame.node.width + 2 * PADDING + BETWEEN_GROUPS)),
  );
  const width = Math.floor((available - (perRow - 1) * BETWEEN_GROUPS) / perRow) - 2 * PADDING;
  return { ...frame, vertical: false, node: { width, height: frame.node.height } };
}

function failedFirst(a: Group, b: Group): number {
  return Number(hasFailed(b)) - Number(hasFailed(a));
}

function hasFailed({ nodes }: Group): boolean {
  return nodes.some((node) => node.kind === 'source' && node.state === 'failed');
}

interface Line {
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface DrawnGroup {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Box>;
  readonly edges: ReadonlyMap<string, Line>;
}

/** `along` is the way that bytes go, `across` the other axis; they become x and y at the end. */
function layoutGroup({ nodes, edges }: Group, frame: Frame): DrawnGroup {
  const { columns, vertical, node: size, step } = frame;
  const along = vertical ? size.height : size.width;
  const across = vertical ? size.width : size.height;
  const columnOf = new Map(nodes.map((node) => [node.id, columns.indexOf(node.kind)]));
  const span = ({ from, to }: Edge) => Math.max(1, columnOf.get(to)! - columnOf.get(from)!);

  const dagre = new DagreGraph({ multigraph: true });
  dagre.setGraph({ rankdir: 'TB', ranksep: step, nodesep: BESIDE, edgesep: BESIDE });
  dagre.setDefaultEdgeLabel(() => ({}));
  // Always from top to bottom for Dagre: widths are what is across.
  for (const { id } of nodes) dagre.setNode(id, { width: across, height: along });
  for (const edge of edges) {
    dagre.setEdge(edge.from, edge.to, { minlen: span(edge), weight: span(edge) === 1 ? 2 : 1 }, edge.id);
  }
  runDagre(dagre);

  const least = Math.min(...nodes.map(({ id }) => dagre.node(id).x - across / 2));
  const acrossOf = settle(nodes, (id) => dagre.node(id).x - across / 2 - least, across);
  const placed = new Map<string, Box>();
  let end = 0;
  for (const { id } of nodes) {
    const a = columnOf.get(id)! * (along + step);
    const c = acrossOf.get(id)!;
    placed.set(id, { x: vertical ? c : a, y: vertical ? a : c, ...size });
    end = Math.max(end, a + along);
  }
  const lines = new Map<string, Line>();
  const ports = spreadPorts(edges, acrossOf, across, vertical ? NARROW_PORTS : WIDE_PORTS);
  for (const edge of edges) {
    const { leave, arrive } = ports.get(edge.id)!;
    const start = columnOf.get(edge.from)! * (along + step) + along;
    const points = [{ along: start, across: leave }];
    for (let column = columnOf.get(edge.from)! + 1; column < columnOf.get(edge.to)!; column++) {
      const a = column * (along + step);
      const pass = passingAt(dagre, edge, a + along / 2) - least;
      points.push({ along: a, across: pass }, { along: a + along, across: pass });
    }
    points.push({ along: columnOf.get(edge.to)! * (along + step), across: arrive });
    lines.set(edge.id, {
      points: points.map((point) =>
        vertical ? { x: point.across, y: point.along } : { x: point.along, y: point.across },
      ),
    });
  }
  const breadth = Math.max(across, ...[...acrossOf.values()].map((value) => value + across));
  return {
    width: vertical ? breadth : end,
    height: vertical ? end : breadth,
    nodes: placed,
    edges: lines,
  };
}

/** Places across, column by column: at least `BESIDE` apart, in the order that Dagre found. */
function settle(
  nodes: readonly MapNode[],
  wanted: (id: string) => number,
  size: number,
): Map<string, number> {
  const result = new Map<string, number>();
  for (const kind of COLUMNS) {
    let free = 0;
    const column = nodes.filter((node) => node.kind === kind).sort((a, b) => wanted(a.id) - wanted(b.id));
    for (const { id } of column) {
      const place = Math.max(free, Math.round(wanted(id)));
      result.set(id, place);
      free = place + size + BESIDE;
    }
  }
  return result;
}

/** Edges leave and reach a node beside one another, in the order of what they lead to. */
function spreadPorts(
  edges: readonly Edge[],
  acrossOf: ReadonlyMap<string, number>,
  size: number,
  most: number,
): Map<string, { leave: number; arrive: number }> {
  const ports = new Map(edges.map(({ id }) => [id, { leave: 0, arrive: 0 }]));
  const spread = (own: 'from' | 'to', other: 'from' | 'to', port: 'leave' | 'arrive') => {
    for (const [node, all] of Map.groupBy(edges, (edge) => edge[own])) {
      all.sort((a, b) => acrossOf.get(a[other])! - acrossOf.get(b[other])!);
      const gap = Math.min(most, (size * 0.75) / all.length);
      for (const [index, { id }] of all.entries()) {
        ports.get(id)![port] = acrossOf.get(node)! + size / 2 + (index - (all.length - 1) / 2) * gap;
      }
    }
  };
  spread('from', 'to', 'leave');
  spread('to', 'from', 'arrive');
  return ports;
}

/** Where Dagre leads a long edge through the column whose middle is at `along`. */
function passingAt(dagre: DagreGraph, { from, to, id }: Edge, along: number): number {
  const { points } = dagre.edge(from, to, id) as { points: readonly { x: number; y: number }[] };
  const nearest = points.reduce((best, point) =>
    Math.abs(point.y - along) < Math.abs(best.y - along) ? point : best,
  );
  return nearest.x;
}

/** A smooth path through the points, level where it meets them. */
function shape({ points }: Line, left: number, top: number, vertical: boolean): EdgeShape {
  const at = points.map(({ x, y }) => ({ x: x + left, y: y + top }));
  let path = `M${at[0]!.x} ${at[0]!.y}`;
  for (let index = 1; index < at.length; index++) {
    const from = at[index - 1]!;
    const to = at[index]!;
    const half = vertical ? (to.y - from.y) / 2 : (to.x - from.x) / 2;
    path += vertical
      ? `C${from.x} ${from.y + half} ${to.x} ${to.y - half} ${to.x} ${to.y}`
      : `C${from.x + half} ${from.y} ${to.x - half} ${to.y} ${to.x} ${to.y}`;
  }
  return { path, ...at.at(-1)! };
}

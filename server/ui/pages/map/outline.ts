/** The graph as a nested list, for those who read it instead of looking at it. Pure. */
import type { Edge, Group, MapNode } from './graph.ts';

export interface OutlineItem {
  readonly node: MapNode;
  /** What leads to it; absent for sources. */
  readonly edge?: Edge;
  readonly children: readonly OutlineItem[];
}

/** Sources with what comes of them. A viewer of two tracks stands under each; what hangs on nothing comes last. */
export function outline({ nodes, edges }: Group): readonly OutlineItem[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const leaving = Map.groupBy(edges, ({ from }) => from);
  const fed = new Set(edges.map(({ to }) => to));
  const item = (node: MapNode, edge?: Edge): OutlineItem => ({
    node,
    ...(edge ? { edge } : {}),
    children: (leaving.get(node.id) ?? []).flatMap((next) => {
      const target = byId.get(next.to);
      return target ? [item(target, next)] : [];
    }),
  });
  return nodes.filter(({ id }) => !fed.has(id)).map((node) => item(node));
}

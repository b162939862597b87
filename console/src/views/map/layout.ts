// Places the nodes of the map in columns, as requests flow: clients and sites to the left, stores to the right.
import type { MapNode, ServiceMap } from '../../api/traces';

export interface Place {
  x: number;
  y: number;
}
const WIDTH = 270;
const HEIGHT = 96;

/** The longest way from a node that nothing calls; a circle counts once. */
export function columnsOf({ nodes, edges }: ServiceMap): Map<string, number> {
  const column = new Map(nodes.map((n) => [n.id, 0]));
  const known = edges.filter((e) => column.has(e.from) && column.has(e.to) && e.from !== e.to);
  const visit = (id: string, way: Set<string>) => {
    for (const edge of known) {
      if (edge.from !== id || way.has(edge.to)) continue;
      const next = column.get(id)! + 1;
      if (next <= column.get(edge.to)! || next >= nodes.length) continue;
      column.set(edge.to, next);
      visit(edge.to, new Set([...way, edge.to]));
    }
  };
  const called = new Set(known.map((e) => e.to));
  const starts = nodes.filter((n) => !called.has(n.id));
  for (const node of starts.length ? starts : nodes.slice(0, 1)) visit(node.id, new Set([node.id]));
  return column;
}

export function place(map: ServiceMap): Map<string, Place> {
  const columns = columnsOf(map);
  const byColumn = new Map<number, MapNode[]>();
  for (const node of map.nodes) {
    const at = columns.get(node.id)!;
    byColumn.set(at, [...(byColumn.get(at) ?? []), node]);
  }
  const tallest = Math.max(1, ...[...byColumn.values()].map((c) => c.length));
  const out = new Map<string, Place>();
  for (const [at, nodes] of [...byColumn].sort((a, b) => a[0] - b[0])) {
    // Near what calls it: fewer arrows cross.
    const height = (node: MapNode) => {
      const from = map.edges.filter((e) => e.to === node.id && out.has(e.from)).map((e) => out.get(e.from)!.y);
      return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0;
    };
    const sorted = [...nodes].sort((a, b) => height(a) - height(b) || a.name.localeCompare(b.name));
    const top = ((tallest - sorted.length) * HEIGHT) / 2;
    sorted.forEach((node, i) => out.set(node.id, { x: at * WIDTH, y: top + i * HEIGHT }));
  }
  return out;
}

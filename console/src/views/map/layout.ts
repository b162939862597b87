// Places the nodes of the map in columns, as requests flow: clients and sites to the left, stores to the right.
import type { MapNode, ServiceMap } from '../../api/traces';

export interface Place {
  x: number;
  y: number;
}
const WIDTH = 270;
const HEIGHT = 96;

/** The longest way from a node that nothing calls; the call that closes a circle does not count. */
export function columnsOf({ nodes, edges }: ServiceMap): Map<string, number> {
  const column = new Map(nodes.map((n) => [n.id, 0]));
  const calls = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  for (const e of edges) if (column.has(e.from) && column.has(e.to) && e.from !== e.to) calls.get(e.from)!.push(e.to);
  const called = new Set([...calls.values()].flat());
  const done: string[] = []; // each after all that it calls
  const seen = new Map<string, 'open' | 'done'>();
  const visit = (id: string) => {
    seen.set(id, 'open');
    const on = calls.get(id)!.filter((to) => {
      if (!seen.has(to)) visit(to);
      return seen.get(to) === 'done';
    });
    calls.set(id, on);
    seen.set(id, 'done');
    done.push(id);
  };
  for (const node of [...nodes.filter((n) => !called.has(n.id)), ...nodes]) if (!seen.has(node.id)) visit(node.id);
  for (const id of done.reverse()) for (const to of calls.get(id)!) column.set(to, Math.max(column.get(to)!, column.get(id)! + 1));
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

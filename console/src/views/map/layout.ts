// Places the nodes of the map in columns, as requests flow: clients and sites to the left, stores to the right.
import type { MapNode, ServiceMap } from '../../api/traces';

export interface Place {
  x: number;
  y: number;
}
const WIDTH = 270;
const HEIGHT = 96;
const MOST_ROWS = 8;
const BESIDE = 210; // of columns that belong together

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
  const tallest = Math.min(MOST_ROWS, Math.max(1, ...[...byColumn.values()].map((c) => c.length)));
  let x = 0;
  const out = new Map<string, Place>();
  for (const [, nodes] of [...byColumn].sort((a, b) => a[0] - b[0])) {
    // Near what calls it: fewer arrows cross.
    const height = (node: MapNode) => {
      const from = map.edges.filter((e) => e.to === node.id && out.has(e.from)).map((e) => out.get(e.from)!.y);
      return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0;
    };
    const sorted = [...nodes].sort((a, b) => height(a) - height(b) || a.name.localeCompare(b.name));
    // What is too many for one column stands in several.
    const parts = Math.ceil(sorted.length / MOST_ROWS);
    const each = Math.ceil(sorted.length / parts);
    sorted.forEach((node, i) => {
      const part = i % parts;
      const rows = Math.min(each, Math.ceil((sorted.length - part) / parts));
      out.set(node.id, { x: x + part * BESIDE, y: ((tallest - rows) * HEIGHT) / 2 + Math.floor(i / parts) * HEIGHT });
    });
    x += WIDTH + (parts - 1) * BESIDE;
  }
  return out;
}

const CARD = { width: 184, height: 56 }; // MapNodeCard, about
const LABEL = { letter: 6.5, height: 22 };
const ALONG = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88];

/** A point of the curve that an arrow is, as React Flow bends it between the right of one card and the left of another. */
export function pointOf(from: Place, to: Place, t: number): Place {
  const bend = to.x >= from.x ? (to.x - from.x) / 2 : 6.25 * Math.sqrt(from.x - to.x);
  const [a, b, c, d] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t ** 2, t ** 3];
  return { x: a * from.x + b * (from.x + bend) + c * (to.x - bend) + d * to.x, y: (a + b) * from.y + (c + d) * to.y };
}

/** How far along its arrow each label stands, so that none is on another or on a card; one without room is not shown. */
export function labelsOf(edges: { id: string; from: string; to: string; label: string }[], places: Map<string, Place>): Map<string, number> {
  const boxes = [...places.values()].map((p) => ({ x: p.x + CARD.width / 2, y: p.y + CARD.height / 2, width: CARD.width, height: CARD.height }));
  const out = new Map<string, number>();
  for (const edge of edges) {
    const [from, to] = [places.get(edge.from)!, places.get(edge.to)!];
    const width = edge.label.length * LABEL.letter + 8;
    for (const t of ALONG) {
      const at = pointOf({ x: from.x + CARD.width, y: from.y + CARD.height / 2 }, { x: to.x, y: to.y + CARD.height / 2 }, t);
      const box = { ...at, width, height: LABEL.height };
      if (boxes.some((b) => Math.abs(b.x - box.x) < (b.width + box.width) / 2 && Math.abs(b.y - box.y) < (b.height + box.height) / 2)) continue;
      boxes.push(box);
      out.set(edge.id, t);
      break;
    }
  }
  return out;
}

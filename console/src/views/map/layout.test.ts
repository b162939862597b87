import { expect, test } from 'vitest';
import type { ServiceMap } from '../../api/traces';
import { columnsOf, place } from './layout';

const map = (nodes: string[], edges: [string, string][]): ServiceMap => ({
  nodes: nodes.map((id) => ({ id, kind: 'function', name: id, count: 1, errors: 0, p50_us: 1 })),
  edges: edges.map(([from, to]) => ({ from, to, count: 1, errors: 0, p50_us: 1 })),
});

test('each stands right of what calls it', () => {
  const columns = columnsOf(map(['client', 'api', 'f', 'bucket', 'g'], [['client', 'api'], ['api', 'f'], ['f', 'bucket'], ['bucket', 'g'], ['client', 'bucket']]));
  expect(Object.fromEntries(columns)).toEqual({ client: 0, api: 1, f: 2, bucket: 3, g: 4 });
});

test('circles end, and no two stand in one place', () => {
  const circle = map(['a', 'b', 'c'], [['a', 'b'], ['b', 'c'], ['c', 'a'], ['b', 'b']]);
  const places = [...place(circle).values()].map((p) => `${p.x},${p.y}`);
  expect(new Set(places).size).toBe(3);
});

test('many layers that all call each other take no time', () => {
  const layers = Array.from({ length: 40 }, (_, layer) => Array.from({ length: 4 }, (_, n) => `${layer}-${n}`));
  const edges = layers.slice(1).flatMap((below, layer) => layers[layer].flatMap((from) => below.map((to): [string, string] => [from, to])));
  const columns = columnsOf(map(layers.flat(), edges));
  expect(layers.every((layer, at) => layer.every((id) => columns.get(id) === at))).toBe(true);
});

import { expect, test } from 'vitest';
import type { ServiceMap } from '../../api/traces';
import { columnsOf, labelsOf, place, pointOf } from './layout';

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

test('many of one column stand in several, and the map is no taller', () => {
  const many = Array.from({ length: 25 }, (_, n) => `f${n}`);
  const places = place(map(['client', ...many], many.map((id): [string, string] => ['client', id])));
  expect(new Set([...places.values()].map((p) => `${p.x},${p.y}`)).size).toBe(26);
  expect(Math.max(...[...places.values()].map((p) => p.y))).toBeLessThanOrEqual(7 * 96);
});

test('no label is on another', () => {
  const many = Array.from({ length: 12 }, (_, n) => `f${n}`);
  const pairs = many.flatMap((id): [string, string][] => [['a', id], ['b', id], [id, 'table']]);
  const places = place(map(['a', 'b', ...many, 'table'], pairs));
  const labels = labelsOf(pairs.map(([from, to]) => ({ id: `${from} ${to}`, from, to, label: '0.10/s' })), places);
  const at = pairs.filter(([from, to]) => labels.has(`${from} ${to}`)).map(([from, to]) => {
    const [begin, end] = [places.get(from)!, places.get(to)!];
    return pointOf({ x: begin.x + 184, y: begin.y }, end, labels.get(`${from} ${to}`)!);
  });
  expect(at.length).toBeGreaterThan(12);
  for (const [i, one] of at.entries()) for (const other of at.slice(i + 1)) expect(Math.abs(one.x - other.x) > 40 || Math.abs(one.y - other.y) >= 20).toBe(true);
});

import { expect, test } from 'vitest';
import type { Span } from '../../api/traces';
import { logsOf, rowsOf, suspect } from './tree';

const span = (id: string, parent: string | null, start: number, duration_us: number, status = 'ok'): Span => ({
  id,
  parent,
  name: id,
  kind: 'call',
  service: 's3',
  resource: '',
  start,
  duration_us,
  status,
});

test('children are below their parents, in the order of their starts', () => {
  const { rows, total } = rowsOf([span('c', 'a', 60, 10), span('a', null, 0, 100), span('b', 'a', 10, 40), span('d', 'b', 20, 20), span('e', 'elsewhere', 150, 50)]);
  expect(rows.map((r) => [r.span.id, r.depth])).toEqual([['a', 0], ['b', 1], ['d', 2], ['c', 1], ['e', 0]]);
  expect(total).toBe(200);
  expect(rows[1]).toMatchObject({ offset: 0.05, width: 0.2 });
});

test('a circle of parents ends', () => {
  expect(rowsOf([span('a', 'b', 0, 1), span('b', 'a', 0, 1)]).rows).toHaveLength(2);
  expect(rowsOf([span('a', 'a', 0, 1)]).rows).toHaveLength(1);
});

test('the deepest failure is the suspect, else what took most by itself', () => {
  expect(suspect(rowsOf([span('a', null, 0, 100, 'fault'), span('b', 'a', 10, 40, 'error')]).rows)?.id).toBe('b');
  expect(suspect(rowsOf([span('a', null, 0, 100), span('b', 'a', 10, 80)]).rows)?.id).toBe('b');
});

test('lines belong to a span by its request, or by their time', () => {
  const logs = [
    { at: 1, function: 'f', request_id: 'r', text: 'x' },
    { at: 50, function: 'f', request_id: 'q', text: 'y' },
  ];
  expect(logsOf({ ...span('a', null, 0, 10_000), request_id: 'q' }, logs).map((l) => l.text)).toEqual(['y']);
  expect(logsOf(span('a', null, 0, 10_000), logs).map((l) => l.text)).toEqual(['x']);
});

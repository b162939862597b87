import { expect, test } from 'vitest';
import type { Usage } from '../../api/admin';
import { csvOf, grouped } from './grouped';

const row = (name: string, day: string, invocations: number): Usage => ({
  day,
  function: name,
  tags: {},
  invocations,
  errors: 0,
  billed_ms: 10,
  mb_ms: 1_024_000,
  tmp_mb_ms: 0,
  duration_us: 0,
  cpu_us: 0,
  bytes_in: 0,
  bytes_out: 0,
});

test('rows of one name are one group', () => {
  const groups = grouped([row('a', '1', 1), row('a', '2', 999_999), row('b', '1', 5)], (r) => [r.function]);
  expect(groups.map((g) => [g.name, g.invocations])).toEqual([['a', 1_000_000], ['b', 5]]);
  expect(groups[0].cost).toBeCloseTo(0.2 + 2 * 0.0000166667, 10);
});

test('CSV cells cannot be formulas', () => {
  const csv = csvOf('function', grouped([row('=1+1', '1', 1), row('a,"b"', '1', 1)], (r) => [r.function]));
  expect(csv.split('\n')[1]).toMatch(/^'=1\+1,1,/);
  expect(csv.split('\n')[2]).toMatch(/^"a,""b""",1,/);
});

import { expect, test } from 'vitest';
import type { Usage, Use } from '../../api/admin';
import { csvOf, grouped, namesOf, totalOf } from './grouped';

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
  const groups = grouped([row('a', '1', 1), row('a', '2', 999_999), row('b', '1', 5)], namesOf('function'));
  expect(groups.map((g) => [g.name, g.invocations])).toEqual([['a', 1_000_000], ['b', 5]]);
  expect(groups[0].cost).toBeCloseTo(0.2 + 2 * 0.0000166667, 10);
});

const use = (service: string, resource: string, day: string, part: Partial<Use>): Use => ({
  day,
  service,
  resource,
  tags: {},
  requests: 1,
  puts: 0,
  gets: 0,
  api_requests: 0,
  bytes_in: 0,
  bytes_out: 0,
  read_milliunits: 0,
  write_milliunits: 0,
  byte_hours: 0,
  ...part,
});

test('every group has what other services were used for, and the groups are the total', () => {
  const rows = [row('a', '1', 1), use('s3', 'album', '1', { puts: 1000, tags: { team: 'shop' } }), use('dynamodb', 'songs', '2', { write_milliunits: 2000 })];
  for (const by of ['function', 'day', 'tag'] as const) expect(grouped(rows, namesOf(by)).reduce((sum, g) => sum + g.cost, 0)).toBeCloseTo(totalOf(rows), 12);
  expect(grouped(rows, namesOf('day')).map((g) => [g.name, g.requests, g.puts, g.write_milliunits])).toEqual([
    ['1', 2, 1000, 0],
    ['2', 1, 0, 2000],
  ]);
  expect(grouped(rows, namesOf('tag')).map((g) => g.name)).toEqual(['(none)', 'team = shop']);
  const csv = csvOf('function', grouped(rows, namesOf('function'))).split('\n');
  expect(csv.slice(1, 4).map((line) => line.split(',')[0])).toEqual(['a', 's3:album', 'dynamodb:songs']);
  expect(csv[2]).toBe('s3:album,1,0,0,0,0,0,0,1000,0,0,0,0,0,0,0,0.0050000000');
});

test('CSV cells cannot be formulas', () => {
  const csv = csvOf('function', grouped([row('=1+1', '1', 1), row('a,"b"', '1', 1)], namesOf('function')));
  expect(csv.split('\n')[1]).toMatch(/^'=1\+1,1,1,/);
  expect(csv.split('\n')[2]).toMatch(/^"a,""b""",1,1,/);
});

import { expect, test } from 'vitest';
import { between, buckets, parse, quantile, sum } from './prometheus';

const TEXT = `# HELP a_total What.
# TYPE a_total counter
a_total{kind="x",way="q\\"uo"} 2
a_total{kind="y"} 3
plain 1e3
d_seconds_bucket{le="0.1"} 1
d_seconds_bucket{le="1"} 3
d_seconds_bucket{le="+Inf"} 4
`;

test('counters are summed by their labels', () => {
  const samples = parse(TEXT);
  expect(sum(samples, 'a_total')).toBe(5);
  expect(sum(samples, 'a_total', { kind: 'y' })).toBe(3);
  expect(sum(samples, 'plain')).toBe(1000);
  expect(samples[0].labels.way).toBe('q\\"uo');
});

test('quantiles lie within their bucket', () => {
  const counts = buckets(parse(TEXT), 'd_seconds');
  expect(counts).toEqual([[0.1, 1], [1, 3], [Infinity, 4]]);
  expect(quantile(counts, 0.25)).toBeCloseTo(0.1);
  expect(quantile(counts, 0.5)).toBeCloseTo(0.55);
  expect(quantile(counts, 1)).toBe(1);
  expect(quantile([], 0.5)).toBeUndefined();
});

test('a restart begins the histogram anew', () => {
  expect(between([[1, 2], [Infinity, 5]], [[1, 3], [Infinity, 9]])).toEqual([[1, 1], [Infinity, 4]]);
  expect(between([[1, 2], [Infinity, 5]], [[1, 0], [Infinity, 1]])).toEqual([[1, 0], [Infinity, 1]]);
});

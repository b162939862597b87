import { expect, test } from 'vitest';
import { functionOf, keeps, sinceOf } from './range';

test('a range begins before now, or at the begin of time', () => {
  expect(sinceOf(15, 1_000_000)).toBe(100_000);
  expect(sinceOf(0, 1_000_000)).toBe(0);
});

test('the function is in the name of its group, or of its stream', () => {
  expect(functionOf('/aws/lambda/price-orders', '2026/11/28/[$LATEST]0123')).toBe('price-orders');
  expect(functionOf('/shop', '2026/11/28/price-orders[$LATEST]0123')).toBe('price-orders');
  expect(functionOf('/shop', 'till-1')).toBeUndefined();
  expect(functionOf('/shop', '2026/11/28/[$LATEST]0123')).toBeUndefined();
  expect(functionOf('/aws/lambda/a/b', '')).toBeUndefined();
});

test('retention in words', () => {
  expect([keeps(), keeps(1), keeps(30)]).toEqual(['for ever', '1 day', '30 days']);
});

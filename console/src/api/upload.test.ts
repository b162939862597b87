import { expect, test } from 'vitest';
import { partsOf } from './upload';

test('parts cover the file, and are never more than 10,000', () => {
  const MB = 1 << 20;
  expect(partsOf(33 * MB)).toEqual([
    { start: 0, end: 16 * MB },
    { start: 16 * MB, end: 32 * MB },
    { start: 32 * MB, end: 33 * MB },
  ]);
  const huge = partsOf(5 * 1024 * 1024 * MB);
  expect(huge.length).toBeLessThanOrEqual(10_000);
  expect(huge.at(-1)!.end).toBe(5 * 1024 * 1024 * MB);
});

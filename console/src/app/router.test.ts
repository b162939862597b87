import { expect, test } from 'vitest';
import { href, parseRoute } from './router';

test('what is put into an address comes out of it', () => {
  const rest = ['bücket', 'a/b c?d#e%', '日本'];
  const route = parseRoute(href('buckets', rest, { tab: 'x&y', none: undefined }));
  expect(route.view).toBe('buckets');
  expect(route.rest).toEqual(rest);
  expect([...route.query]).toEqual([['tab', 'x&y']]);
});

test('an address that is none is the first view', () => {
  expect(parseRoute('').view).toBe('');
  expect(parseRoute('#').view).toBe('');
  expect(parseRoute('#/x/%zz').rest).toEqual(['%zz']);
});

import { expect, test } from 'vitest';
import { match } from './match';

const names = ['Functions', 'photo-resize', 'resize', 'bill', 'x(y'];
const find = (text: string) => match(text, names, (n) => n);

test('what begins with the text is first, then its words, then its letters', () => {
  expect(find('res')).toEqual(['resize', 'photo-resize']);
  expect(find('fns')).toEqual(['Functions']);
  expect(find('')).toEqual(names);
  expect(find('(')).toEqual(['x(y']);
  expect(find('zzz')).toEqual([]);
});

import { expect, test } from 'vitest';
import { ago, bytes, duration, money, pretty } from './format';

test('sizes and times', () => {
  expect([0, 999, 1000, 1536, 123_456_789].map(bytes)).toEqual(['0 B', '999 B', '1.0 KB', '1.5 KB', '123 MB']);
  expect([undefined, 0.25, 1.234, 45.67, 250, 1500].map(duration)).toEqual(['–', '250 µs', '1.23 ms', '45.7 ms', '250 ms', '1.50 s']);
  expect(ago(0, 90_000)).toBe('2 min ago');
});

test('small sums keep two digits', () => {
  expect([0, 1.5, 0.00012345, 0.0000002].map(money)).toEqual(['$0.00', '$1.50', '$0.00012', '$0.00000020']);
});

test('JSON is broken into lines, digit for digit', () => {
  expect(pretty('{"a":[1,{"b":"}\\""}],"c":{},"n":12345678901234567890.10}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": "}\\""\n    }\n  ],\n  "c": {},\n  "n": 12345678901234567890.10\n}',
  );
  expect(pretty('not json')).toBe('not json');
});

import { expect, test } from 'vitest';
import { shown } from './dynamodb';

test('bytes are counted without what pads them', () => {
  expect(['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm91cg=='].map((B) => shown({ B }))).toEqual(['0 bytes', '1 byte', '2 bytes', '3 bytes', '4 bytes']);
});

import { expect, test } from 'vitest';
import { logText } from './logText';

test('records of runtimes are a level, a message and what else they have', () => {
  expect(logText('{"timestamp":"t","level":"WARNING","message":"low","logger":"root","requestId":"r","order":7}')).toEqual({ text: 'WARNING low  {"order":7}', level: 'warn' });
  expect(logText('{"timestamp":"t","level":"DEBUG","message":{"a":1}}')).toEqual({ text: 'DEBUG {"a":1}', level: 'muted' });
});

test('errors have their stack below', () => {
  expect(logText('{"timestamp":"t","level":"ERROR","errorType":"ValueError","errorMessage":"no","stackTrace":["  app.py\\n"]}')).toEqual({
    text: 'ERROR ValueError: no\n    app.py',
    level: 'bad',
  });
  expect(logText('{"timestamp":"t","level":"ERROR","message":{"errorType":"Error","errorMessage":"no","stackTrace":[]}}').text).toBe('ERROR Error: no');
});

test('events of the platform step back unless they tell of a failure', () => {
  expect(logText('{"type":"platform.report","record":{"requestId":"r","status":"success","metrics":{"durationMs":1.5}}}')).toEqual({
    text: 'platform.report r success  durationMs 1.5',
    level: 'muted',
  });
  expect(logText('{"type":"platform.report","record":{"status":"timeout"}}').level).toBe('bad');
});

test('everything else is as it was printed', () => {
  for (const text of ['sold 3 apples', '{"level": "INFO", "order": 7}', '{no', '']) expect(logText(text)).toEqual({ text, level: '' });
  expect(logText('START RequestId: r').level).toBe('muted');
  expect(logText('[ERROR] KeyError').level).toBe('bad');
});

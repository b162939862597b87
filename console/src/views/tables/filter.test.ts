import { expect, test } from 'vitest';
import { filterOf } from './filter';

const said = (text: string) => {
  try {
    return filterOf(text);
  } catch (error) {
    return (error as Error).message;
  }
};
const expression = (text: string) => filterOf(text)!.expression;

test('no condition is none', () => {
  expect([filterOf(''), filterOf('  ')]).toEqual([undefined, undefined]);
});

test('each comparison, of numbers and of text', () => {
  expect(filterOf('plays = 3')).toEqual({ expression: '(#f0 = :f0 OR #f0 = :f1)', names: { '#f0': 'plays' }, values: { ':f0': { S: '3' }, ':f1': { N: '3' } } });
  expect(filterOf('n < 1.2e29')).toEqual({ expression: '#f0 < :f0', names: { '#f0': 'n' }, values: { ':f0': { N: '1.2e29' } } });
  expect(filterOf('text>zzz')).toEqual({ expression: '#f0 > :f0', names: { '#f0': 'text' }, values: { ':f0': { S: 'zzz' } } });
  expect(['a <= x', 'a >= x', 'a == x', 'a != x', 'a <> x', 'a ~ x'].map(expression)).toEqual(['#f0 <= :f0', '#f0 >= :f0', '#f0 = :f0', '#f0 <> :f0', '#f0 <> :f0', 'contains(#f0, :f0)']);
  expect(expression('a != 3')).toBe('(#f0 <> :f0 AND #f0 <> :f1)');
  expect(filterOf('on = true')!.values).toEqual({ ':f0': { BOOL: true }, ':f1': { S: 'true' } });
});

test('text without quotes may have spaces, and with them all else', () => {
  expect(filterOf('song ~ Feeling Good')!.values).toEqual({ ':f0': { S: 'Feeling Good' } });
  expect(filterOf("song = 'It''s = (3) AND more'")!.values).toEqual({ ':f0': { S: "It's = (3) AND more" } });
  expect(filterOf(`"a.b ""c""" = 'x'`)!.names).toEqual({ '#f0': 'a.b "c"' });
});

test('conditions of the command line', () => {
  expect(expression(`"year" < 1970 AND contains(tags, 'live')`)).toBe('#f0 < :f0 AND contains(#f1, :f1)');
  expect(expression('not (a = x or a = y) and begins_with(b.c[0].d, z)')).toBe('NOT (#f0 = :f0 OR #f0 = :f1) AND begins_with(#f1.#f2[0].#f3, :f2)');
  expect(expression('n BETWEEN 1 AND 5')).toBe('#f0 BETWEEN :f0 AND :f1');
  expect(expression("kind IN ('a', 'b')")).toBe('#f0 IN (:f0, :f1)');
  expect(expression('a IS MISSING OR b IS NOT MISSING')).toBe('attribute_not_exists(#f0) OR attribute_exists(#f1)');
  expect(expression('size(tags) > 2')).toBe('size(#f0) > :f0');
});

test('what is not understood is said', () => {
  expect(said('text =')).toContain('ends too early: expected a value');
  expect(said('= a')).toContain("'=' is not understood here: expected the name of an attribute");
  expect(said('foo ??? bar')).toContain("'???' is not understood here: expected one of = != < <= > >= ~");
  expect(said('foo')).toContain('ends too early: expected one of =');
  expect(said('a = Simon AND Garfunkel')).toContain('expected one of =');
  expect(said("a = 'x")).toContain('the quote has no end');
  expect(said('a = x)')).toContain("')' is not understood here: expected AND, OR or the end");
  expect(said('a ! b')).toContain('is not understood');
  expect(said('like(a, b)')).toContain('expected contains(NAME, VALUE)');
  expect(said('a = b = c')).toContain('single quotes');
  expect(said('a LIKE b')).toContain('expected one of =');
});

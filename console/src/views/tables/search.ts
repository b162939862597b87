// From what is asked for in the form to a Query or a Scan.
import { indexesOf, partOf, type Item, type Table, type Value } from '../../api/dynamodb';
import { filterOf } from './filter';

export interface Search {
  index: string; // '': the table itself
  hash: string; // '': scan
  condition: '=' | '<' | '<=' | '>' | '>=' | 'begins_with' | 'between';
  range: string;
  to: string; // of between
  filter: string; // a condition: see filter.ts
  order: 'up' | 'down';
}

export const schemaOf = (table: Table, index: string) => indexesOf(table).find((i) => i.IndexName === index)?.KeySchema ?? table.KeySchema;
const typeOf = (table: Table, name: string) => table.AttributeDefinitions.find((a) => a.AttributeName === name)?.AttributeType ?? 'S';
const valueOf = (table: Table, name: string, text: string) => ({ [typeOf(table, name)]: text }) as Value;

function rangeCondition(search: Search): string {
  if (search.condition === 'begins_with') return 'begins_with(#r, :r)';
  return search.condition === 'between' ? '#r BETWEEN :r AND :to' : `#r ${search.condition} :r`;
}

export function inputOf(table: Table, search: Search): { operation: 'Query' | 'Scan'; input: Record<string, unknown> } {
  const schema = schemaOf(table, search.index);
  const names: Record<string, string> = {};
  const values: Item = {};
  const input: Record<string, unknown> = { TableName: table.TableName, Limit: 500, IndexName: search.index || undefined };
  if (search.hash) {
    const hash = partOf(schema, 'HASH')!;
    const range = partOf(schema, 'RANGE');
    names['#h'] = hash;
    values[':h'] = valueOf(table, hash, search.hash);
    let condition = '#h = :h';
    if (range && search.range) {
      names['#r'] = range;
      values[':r'] = valueOf(table, range, search.range);
      if (search.condition === 'between') values[':to'] = valueOf(table, range, search.to);
      condition += ` AND ${rangeCondition(search)}`;
    }
    Object.assign(input, { KeyConditionExpression: condition, ScanIndexForward: search.order === 'up' });
  }
  const filter = filterOf(search.filter);
  if (filter) {
    Object.assign(names, filter.names);
    Object.assign(values, filter.values);
    input.FilterExpression = filter.expression;
  }
  if (Object.keys(names).length) input.ExpressionAttributeNames = names;
  if (Object.keys(values).length) input.ExpressionAttributeValues = values;
  return { operation: search.hash ? 'Query' : 'Scan', input };
}

/** The key first, then what most items have; as many as fit. */
export function columnsOf(table: Table, items: Item[], most = 8): string[] {
  const keys = table.KeySchema.map((k) => k.AttributeName);
  const seen = new Map<string, number>();
  for (const item of items.slice(0, 200)) for (const name of Object.keys(item)) seen.set(name, (seen.get(name) ?? 0) + 1);
  const others = [...seen].filter(([name]) => !keys.includes(name)).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  return [...keys, ...others.map(([name]) => name)].slice(0, Math.max(most, keys.length));
}

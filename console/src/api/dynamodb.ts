// DynamoDB's own API. Items stay as the service has them, typed, so that no number loses a digit.
import { many } from '../ui/format';
import { json } from './http';

export type Value =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: Value[] }
  | { M: Item }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] };
export type Item = { [name: string]: Value };

export interface KeyPart {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}
export interface Index {
  IndexName: string;
  KeySchema: KeyPart[];
  Projection: { ProjectionType: string };
  IndexStatus?: string;
}
export interface Table {
  TableName: string;
  TableArn: string;
  TableStatus: string;
  KeySchema: KeyPart[];
  AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[];
  ItemCount: number;
  TableSizeBytes: number;
  CreationDateTime: number;
  BillingModeSummary?: { BillingMode: string };
  GlobalSecondaryIndexes?: Index[];
  LocalSecondaryIndexes?: Index[];
  StreamSpecification?: { StreamEnabled: boolean; StreamViewType: string };
}

export function dynamodb<T>(operation: string, input: unknown): Promise<T> {
  return json('aws/dynamodb/', {
    method: 'POST',
    body: JSON.stringify(input),
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `DynamoDB_20120810.${operation}` },
  });
}

export async function listTables(): Promise<string[]> {
  const out: string[] = [];
  for (let start: string | undefined; ; ) {
    const page = await dynamodb<{ TableNames: string[]; LastEvaluatedTableName?: string }>('ListTables', { ExclusiveStartTableName: start });
    out.push(...page.TableNames);
    start = page.LastEvaluatedTableName;
    if (!start || out.length >= 10_000) return out;
  }
}

export const describeTable = async (name: string) => (await dynamodb<{ Table: Table }>('DescribeTable', { TableName: name })).Table;
export const putItem = (table: string, item: Item) => dynamodb('PutItem', { TableName: table, Item: item });
export const deleteItem = (table: string, key: Item) => dynamodb('DeleteItem', { TableName: table, Key: key });

export interface Page {
  Items: Item[];
  Count: number;
  ScannedCount: number;
  LastEvaluatedKey?: Item;
}

export const indexesOf = (table: Table) => [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])];
export const keyOf = (table: Table, item: Item): Item => Object.fromEntries(table.KeySchema.map((k) => [k.AttributeName, item[k.AttributeName]]));
export const partOf = (schema: KeyPart[], type: KeyPart['KeyType']) => schema.find((k) => k.KeyType === type)?.AttributeName;

/** A value in a cell: text as it is, the rest as short JSON. */
export function shown(value: Value | undefined): string {
  if (value === undefined) return '';
  const [type, inside] = Object.entries(value)[0];
  switch (type) {
    case 'S':
    case 'N':
      return inside as string;
    case 'NULL':
      return 'null';
    case 'B':
      return many(Math.floor(((inside as string).replace(/=+$/, '').length * 3) / 4), 'byte');
    case 'L':
      return `[${(inside as Value[]).map(shown).join(', ')}]`;
    case 'M':
      return `{${Object.entries(inside as Item)
        .map(([k, v]) => `${k}: ${shown(v)}`)
        .join(', ')}}`;
    default:
      return Array.isArray(inside) ? `{${inside.join(', ')}}` : String(inside);
  }
}

import { expect, test } from 'vitest';
import type { Table } from '../../api/dynamodb';
import { columnsOf, inputOf, type Search } from './search';

const table = {
  TableName: 't',
  KeySchema: [
    { AttributeName: 'a', KeyType: 'HASH' },
    { AttributeName: 'n', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'a', AttributeType: 'S' },
    { AttributeName: 'n', AttributeType: 'N' },
    { AttributeName: 'y', AttributeType: 'N' },
  ],
  GlobalSecondaryIndexes: [{ IndexName: 'by-y', KeySchema: [{ AttributeName: 'y', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } }],
} as unknown as Table;
const empty: Search = { index: '', hash: '', condition: '=', range: '', to: '', filter: '', order: 'up' };

test('without a key it is a scan', () => {
  expect(inputOf(table, empty)).toEqual({ operation: 'Scan', input: { TableName: 't', Limit: 500, IndexName: undefined } });
});

test('a key and a range', () => {
  const { operation, input } = inputOf(table, { ...empty, hash: 'x', condition: 'between', range: '1', to: '9', order: 'down' });
  expect(operation).toBe('Query');
  expect(input).toMatchObject({
    KeyConditionExpression: '#h = :h AND #r BETWEEN :r AND :to',
    ScanIndexForward: false,
    ExpressionAttributeNames: { '#h': 'a', '#r': 'n' },
    ExpressionAttributeValues: { ':h': { S: 'x' }, ':r': { N: '1' }, ':to': { N: '9' } },
  });
  expect(inputOf(table, { ...empty, index: 'by-y', hash: '7' }).input).toMatchObject({ ExpressionAttributeValues: { ':h': { N: '7' } } });
});

test('a filter finds numbers and texts', () => {
  expect(inputOf(table, { ...empty, filter: 'plays = 3' }).input).toMatchObject({
    FilterExpression: '(#f0 = :f0 OR #f0 = :f1)',
    ExpressionAttributeValues: { ':f0': { S: '3' }, ':f1': { N: '3' } },
  });
  expect(inputOf(table, { ...empty, filter: 'song ~ Man' }).input).toMatchObject({ FilterExpression: 'contains(#f0, :f0)' });
});

test('a filter without a value has none', () => {
  const { input } = inputOf(table, { ...empty, filter: 'song IS MISSING' });
  expect(input).toMatchObject({ FilterExpression: 'attribute_not_exists(#f0)', ExpressionAttributeNames: { '#f0': 'song' } });
  expect(input).not.toHaveProperty('ExpressionAttributeValues');
});

test('columns begin with the key', () => {
  expect(columnsOf(table, [{ z: { S: '' }, b: { S: '' } }, { b: { S: '' } }])).toEqual(['a', 'n', 'b', 'z']);
});

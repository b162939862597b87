// What was used of the object store, the tables and the HTTP APIs.
import { href } from '../../app/router';
import type { Use } from '../../api/admin';
import { Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { bytes, costOfUse, count, many, money } from '../../ui/format';

type Row = Use & { key: string; cost: number };
const VIEWS: Record<string, string> = { s3: 'buckets', dynamodb: 'tables', apigateway: 'apis' };
const HOURS_OF_MONTH = 730;

export function usesByThing(uses: Use[]): Row[] {
  const rows = new Map<string, Row>();
  for (const use of uses) {
    const key = `${use.service} ${use.resource}`;
    const row = rows.get(key);
    if (!row) {
      rows.set(key, { ...use, key, cost: 0 });
      continue;
    }
    for (const [name, value] of Object.entries(use)) if (typeof value === 'number') (row as unknown as Record<string, number>)[name] += value;
  }
  for (const row of rows.values()) row.cost = costOfUse(row);
  return [...rows.values()].sort((a, b) => b.cost - a.cost);
}

const unitsOf = (r: Row) =>
  r.service === 'dynamodb' ? `${count(Math.round(r.read_milliunits / 1000))} read, ${count(Math.round(r.write_milliunits / 1000))} write units` : r.service === 's3' ? `${count(r.puts)} puts, ${count(r.gets)} gets` : '';

const COLUMNS: Column<Row>[] = [
  { key: 'service', title: 'Service', cell: (r) => r.service, sort: (r) => r.service, width: '6rem', narrow: '5.2rem' },
  {
    key: 'resource',
    title: 'Of',
    cell: (r) => (r.resource && VIEWS[r.service] ? <a href={href(VIEWS[r.service], [r.resource])}>{r.resource}</a> : r.resource || '–'),
    sort: (r) => r.resource,
    width: 'minmax(7rem, 2fr)',
  },
  { key: 'requests', title: 'Requests', cell: (r) => count(r.requests), sort: (r) => r.requests, align: 'end', width: '5.2rem', narrow: 'hide' },
  { key: 'units', title: 'Of these', cell: unitsOf, width: 'minmax(0, 2.6fr)', narrow: 'hide' },
  { key: 'stored', title: 'GB-months', cell: (r) => (r.byte_hours / 2 ** 30 / HOURS_OF_MONTH).toFixed(3), sort: (r) => r.byte_hours, align: 'end', width: '5.8rem', narrow: 'hide' },
  { key: 'bytes', title: 'In and out', cell: (r) => bytes(r.bytes_in + r.bytes_out), sort: (r) => r.bytes_in + r.bytes_out, align: 'end', width: '5.6rem', narrow: 'hide' },
  { key: 'cost', title: 'Cost', cell: (r) => money(r.cost), sort: (r) => r.cost, align: 'end', width: '7.5rem' },
];

export function Services({ uses }: { uses: Use[] }) {
  if (!uses.length) return null;
  const rows = usesByThing(uses);
  return (
    <Panel title="Objects, tables, APIs" className="spaced">
      <DataTable label="Usage of other services" rows={rows} columns={COLUMNS} rowKey={(r) => r.key} height={420} foot={`${many(rows.length, 'thing')}, ${money(rows.reduce((sum, r) => sum + r.cost, 0))}`} />
    </Panel>
  );
}

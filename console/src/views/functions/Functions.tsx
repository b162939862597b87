import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { status, used as usedOf } from '../../api/admin';
import { listFunctions, type FunctionConfiguration } from '../../api/lambda';
import { go, href, useRoute } from '../../app/router';
import { Await, Badge, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';
import { ago, bytes, count, today } from '../../ui/format';
import { runningOf, type Running } from '../overview/running';
import { FunctionPage } from './FunctionPage';

type Row = FunctionConfiguration & { now?: Running };

const COLUMNS: Column<Row>[] = [
  { key: 'name', title: 'Name', cell: (f) => <a href={href('functions', [f.FunctionName])}>{f.FunctionName}</a>, sort: (f) => f.FunctionName, width: 'minmax(9rem, 3fr)' },
  { key: 'runtime', title: 'Runtime', cell: (f) => f.Runtime ?? 'image', sort: (f) => f.Runtime ?? '', width: '7rem' },
  { key: 'memory', title: 'Memory', cell: (f) => `${f.MemorySize} MB`, sort: (f) => f.MemorySize, align: 'end', width: '5rem', narrow: 'hide' },
  { key: 'size', title: 'Code', cell: (f) => bytes(f.CodeSize), sort: (f) => f.CodeSize, align: 'end', width: '4.6rem', narrow: 'hide' },
  { key: 'instances', title: 'Instances', cell: (f) => (f.now ? f.now.busy + f.now.idle || '–' : '–'), sort: (f) => (f.now ? f.now.busy + f.now.idle : 0), align: 'end', width: '5.6rem', narrow: 'hide' },
  { key: 'calls', title: 'Calls today', cell: (f) => count(f.now?.invocations ?? 0), sort: (f) => f.now?.invocations ?? 0, align: 'end', width: '5.8rem' },
  {
    key: 'errors',
    title: 'Errors',
    cell: (f) => (f.now?.errors ? <Badge tone="bad">{count(f.now.errors)}</Badge> : '0'),
    sort: (f) => f.now?.errors ?? 0,
    align: 'end',
    width: '4rem',
    narrow: 'hide',
  },
  { key: 'modified', title: 'Changed', cell: (f) => ago(f.LastModified), sort: (f) => f.LastModified, align: 'end', width: '6rem', narrow: 'hide' },
];

function List() {
  const functions = useQuery({ queryKey: ['functions'], queryFn: listFunctions, refetchInterval: 5000 });
  const state = useQuery({ queryKey: ['status'], queryFn: status, refetchInterval: 3000 });
  const day = today();
  const used = useQuery({ queryKey: ['usage', day], queryFn: () => usedOf(day, day), refetchInterval: 5000 });
  const filter = useFilter();
  const rows = useMemo(() => {
    const now = new Map(runningOf(state.data?.instances ?? [], used.data?.usage ?? []).map((r) => [r.name, r]));
    return (functions.data ?? [])
      .filter((f) => filter.has(f.FunctionName))
      .map((f): Row => ({ ...f, now: now.get(f.FunctionName) }));
  }, [functions.data, state.data, used.data, filter.text]);
  return (
    <>
      <PageHead title="Functions">
        <Filter of={filter} />
      </PageHead>
      <Await query={functions}>
        {(all) =>
          all.length ? (
            <DataTable
              label="Functions"
              rows={rows}
              columns={COLUMNS}
              rowKey={(f) => f.FunctionName}
              onOpen={(f) => go(href('functions', [f.FunctionName]))}
              foot={`${count(rows.length)} of ${count(all.length)}`}
            />
          ) : (
            <Empty title="There are no functions yet" command="gust deploy examples/thumbnails">
              A template makes them, with their events and their rights; the aws command and every SDK do, too.
            </Empty>
          )
        }
      </Await>
    </>
  );
}

export default function Functions() {
  const { rest } = useRoute();
  return rest[0] ? <FunctionPage key={rest[0]} name={rest[0]} /> : <List />;
}

import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { status, usage } from '../../api/admin';
import { listFunctions, type FunctionConfiguration } from '../../api/lambda';
import { go, href, useRoute } from '../../app/router';
import { Await, Badge, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { ago, bytes, count, today } from '../../ui/format';
import { runningOf, type Running } from '../overview/running';
import { FunctionPage } from './FunctionPage';

type Row = FunctionConfiguration & { now?: Running };

const COLUMNS: Column<Row>[] = [
  { key: 'name', title: 'Name', cell: (f) => <a href={href('functions', [f.FunctionName])}>{f.FunctionName}</a>, sort: (f) => f.FunctionName, width: 'minmax(9rem, 2fr)' },
  { key: 'runtime', title: 'Runtime', cell: (f) => f.Runtime ?? 'image', sort: (f) => f.Runtime ?? '', width: '7.5rem' },
  { key: 'memory', title: 'Memory', cell: (f) => `${f.MemorySize} MB`, sort: (f) => f.MemorySize, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'size', title: 'Code', cell: (f) => bytes(f.CodeSize), sort: (f) => f.CodeSize, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'instances', title: 'Instances', cell: (f) => (f.now ? f.now.busy + f.now.idle || '–' : '–'), sort: (f) => (f.now ? f.now.busy + f.now.idle : 0), align: 'end', width: '6.5rem', narrow: 'hide' },
  { key: 'calls', title: 'Calls today', cell: (f) => count(f.now?.invocations ?? 0), sort: (f) => f.now?.invocations ?? 0, align: 'end', width: '7rem' },
  {
    key: 'errors',
    title: 'Errors',
    cell: (f) => (f.now?.errors ? <Badge tone="bad">{count(f.now.errors)}</Badge> : '0'),
    sort: (f) => f.now?.errors ?? 0,
    align: 'end',
    width: '5.5rem',
    narrow: 'hide',
  },
  { key: 'modified', title: 'Changed', cell: (f) => ago(f.LastModified), sort: (f) => f.LastModified, align: 'end', width: '7rem', narrow: 'hide' },
];

function List() {
  const functions = useQuery({ queryKey: ['functions'], queryFn: listFunctions, refetchInterval: 5000 });
  const state = useQuery({ queryKey: ['status'], queryFn: status, refetchInterval: 3000 });
  const day = today();
  const used = useQuery({ queryKey: ['usage', day], queryFn: () => usage(day, day), refetchInterval: 5000 });
  const [text, setText] = useState('');
  const rows = useMemo(() => {
    const now = new Map(runningOf(state.data?.instances ?? [], used.data ?? []).map((r) => [r.name, r]));
    return (functions.data ?? [])
      .filter((f) => f.FunctionName.toLowerCase().includes(text.toLowerCase()))
      .map((f): Row => ({ ...f, now: now.get(f.FunctionName) }));
  }, [functions.data, state.data, used.data, text]);
  return (
    <>
      <PageHead title="Functions">
        <input type="search" aria-label="Filter by name" placeholder="Filter by name" value={text} onChange={(e) => setText(e.target.value)} />
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

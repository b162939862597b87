import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { lastStreams, listGroups, type LogGroup } from '../../api/logs';
import { go, href, useRoute } from '../../app/router';
import { Await, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { ago, bytes, count } from '../../ui/format';
import { GroupPage } from './GroupPage';
import { keeps } from './range';

type Row = LogGroup & { streams?: number; more?: boolean; last?: number };
const LOOKED_INTO = 50; // groups whose streams are counted

const COLUMNS: Column<Row>[] = [
  { key: 'name', title: 'Name', cell: (g) => <a href={href('logs', [g.logGroupName])}>{g.logGroupName}</a>, sort: (g) => g.logGroupName, width: 'minmax(9rem, 3fr)' },
  { key: 'size', title: 'Stored', cell: (g) => bytes(g.storedBytes), sort: (g) => g.storedBytes, align: 'end', width: '6rem' },
  { key: 'streams', title: 'Streams', cell: (g) => (g.streams === undefined ? '' : `${count(g.streams)}${g.more ? '+' : ''}`), sort: (g) => g.streams ?? 0, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'last', title: 'Last line', cell: (g) => (g.last ? ago(g.last) : '–'), sort: (g) => g.last ?? 0, align: 'end', width: '7rem', narrow: 'hide' },
  { key: 'keeps', title: 'Kept', cell: (g) => keeps(g.retentionInDays), sort: (g) => g.retentionInDays ?? Infinity, align: 'end', width: '7rem', narrow: 'hide' },
];

function List() {
  const groups = useQuery({ queryKey: ['log-groups'], queryFn: listGroups, refetchInterval: 5000 });
  const [text, setText] = useState('');
  const shown = (groups.data ?? []).filter((g) => g.logGroupName.toLowerCase().includes(text.toLowerCase()));
  const streams = useQueries({
    queries: shown.slice(0, LOOKED_INTO).map((g) => ({ queryKey: ['log-streams', g.logGroupName], queryFn: () => lastStreams(g.logGroupName), staleTime: 5000 })),
  });
  const rows = shown.map((g, i): Row => {
    const found = streams[i]?.data;
    return found ? { ...g, streams: found.streams.length, more: found.more, last: found.streams[0]?.lastEventTimestamp } : g;
  });
  return (
    <>
      <PageHead title="Logs">
        <input type="search" aria-label="Filter by name" placeholder="Filter by name" value={text} onChange={(e) => setText(e.target.value)} />
      </PageHead>
      <Await query={groups}>
        {(all) =>
          all.length ? (
            <DataTable
              label="Log groups"
              rows={rows}
              columns={COLUMNS}
              rowKey={(g) => g.logGroupName}
              onOpen={(g) => go(href('logs', [g.logGroupName]))}
              foot={`${count(rows.length)} of ${count(all.length)}`}
            />
          ) : (
            <Empty title="There are no logs yet" command="aws logs create-log-group --log-group-name /shop">
              A function's group is made with its first line: invoke one. Other programs make groups of their own.
            </Empty>
          )
        }
      </Await>
    </>
  );
}

export default function Logs() {
  const { rest } = useRoute();
  return rest[0] ? <GroupPage key={rest[0]} group={rest[0]} /> : <List />;
}

import { useQuery } from '@tanstack/react-query';
import { lastStreams, listGroups, type LogStream } from '../../api/logs';
import { href } from '../../app/router';
import { Await, Badge, Crumbs, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { ago, bytes, count } from '../../ui/format';
import { LiveLog } from '../../ui/LiveLog';
import { Tabs } from '../../ui/Tabs';
import { QueryTab } from './QueryTab';
import { functionOf, keeps } from './range';
import { SearchTab } from './SearchTab';

const STREAMS: Column<LogStream>[] = [
  { key: 'name', title: 'Stream', cell: (s) => <code>{s.logStreamName}</code>, sort: (s) => s.logStreamName, width: 'minmax(10rem, 3fr)' },
  { key: 'last', title: 'Last line', cell: (s) => (s.lastEventTimestamp ? ago(s.lastEventTimestamp) : '–'), sort: (s) => s.lastEventTimestamp ?? 0, align: 'end', width: '7rem' },
  { key: 'made', title: 'Made', cell: (s) => ago(s.creationTime), sort: (s) => s.creationTime, align: 'end', width: '7rem', narrow: 'hide' },
];

function StreamsTab({ group }: { group: string }) {
  const streams = useQuery({ queryKey: ['log-streams', group], queryFn: () => lastStreams(group), refetchInterval: 5000 });
  return (
    <Await query={streams}>
      {(found) =>
        found.streams.length ? (
          <DataTable
            label={`Streams of ${group}`}
            rows={found.streams}
            columns={STREAMS}
            rowKey={(s) => s.logStreamName}
            foot={found.more ? `the ${count(found.streams.length)} that were written to last` : count(found.streams.length)}
          />
        ) : (
          <Empty title="It has no streams yet" command={`aws logs create-log-stream --log-group-name ${group} --log-stream-name one`} />
        )
      }
    </Await>
  );
}

const putCommand = (group: string) => `aws logs put-log-events --log-group-name ${group} --log-stream-name one \\
  --log-events "timestamp=$(date +%s)000,message=hello"`;

export function GroupPage({ group }: { group: string }) {
  const groups = useQuery({ queryKey: ['log-groups'], queryFn: listGroups, refetchInterval: 5000 });
  const found = groups.data?.find((g) => g.logGroupName === group);
  const name = functionOf(group, '');
  const command = name ? `gust invoke ${name}` : putCommand(group);
  return (
    <>
      <Crumbs items={[['Logs', href('logs')], [group]]} />
      <PageHead title={group}>
        {found && <Badge>{bytes(found.storedBytes)}</Badge>}
        {found && <Badge>kept {keeps(found.retentionInDays)}</Badge>}
        {name && (
          <a className="button quiet" href={href('functions', [name])}>
            Function
          </a>
        )}
      </PageHead>
      {groups.data && !found ? (
        <Empty title="There is no such log group" command={command}>
          It is made with its first line.
        </Empty>
      ) : (
        <Tabs
          label={`Parts of ${group}`}
          tabs={[
            { key: 'search', title: 'Search', show: () => <SearchTab group={group} command={command} /> },
            { key: 'query', title: 'Query', show: () => <QueryTab group={group} /> },
            { key: 'live', title: 'Live', show: () => <LiveLog name={group} of="group" command={command} /> },
            { key: 'streams', title: 'Streams', show: () => <StreamsTab group={group} /> },
          ]}
        />
      )}
    </>
  );
}

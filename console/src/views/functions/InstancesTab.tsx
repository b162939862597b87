import { useQuery } from '@tanstack/react-query';
import { status, type Instances } from '../../api/admin';
import { Await, Empty, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';

const COLUMNS: Column<Instances>[] = [
  { key: 'version', title: 'Version', cell: (i) => i.version },
  { key: 'busy', title: 'Busy', cell: (i) => i.busy, align: 'end', width: '5rem' },
  { key: 'idle', title: 'Idle', cell: (i) => i.idle, align: 'end', width: '5rem' },
  { key: 'starting', title: 'Starting', cell: (i) => i.starting, align: 'end', width: '6rem' },
  { key: 'provisioned', title: 'Provisioned', cell: (i) => i.provisioned, align: 'end', width: '7rem', narrow: 'hide' },
  { key: 'running', title: 'Invocations now', cell: (i) => i.invocations, align: 'end', width: '9rem', narrow: 'hide' },
];

export function InstancesTab({ name }: { name: string }) {
  const state = useQuery({ queryKey: ['status'], queryFn: status, refetchInterval: 1000 });
  return (
    <Panel title="Instances">
      <Await query={state}>
        {({ instances }) => {
          const rows = instances.filter((i) => i.function === name);
          if (!rows.length) return <Empty title="None runs now" command={`gust invoke ${name}`}>Instances start when they are needed, and end when they were idle for a while.</Empty>;
          return <DataTable label={`Instances of ${name}`} rows={rows} columns={COLUMNS} rowKey={(i) => i.version} />;
        }}
      </Await>
    </Panel>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useMemo, type CSSProperties } from 'react';
import { status, used as usedOf } from '../../api/admin';
import { useReached } from '../../api/http';
import { usePulse, type Beat } from '../../api/pulse';
import { session } from '../../api/session';
import { listTables } from '../../api/dynamodb';
import { bucketNames } from '../../api/s3';
import { href } from '../../app/router';
import { Await, Badge, Empty, PageHead, Panel } from '../../ui/basics';
import { Chart } from '../../ui/Chart';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';
import { count, duration, many, money, perSecond, today } from '../../ui/format';
import { totalOf } from '../bill/grouped';
import { runningOf, type Running } from './running';

function Tile({ label, value, note, to, tone = '' }: { label: string; value: string; note?: string; to?: string; tone?: string }) {
  const inside = (
    <>
      <span className="muted">{label}</span>
      <strong className={tone} style={{ '--length': value.length } as CSSProperties}>
        {value}
      </strong>
      <small className="muted">{note}</small>
    </>
  );
  return to ? (
    <a className="tile" href={to}>
      {inside}
    </a>
  ) : (
    <div className="tile">{inside}</div>
  );
}

function Charts({ beats }: { beats: Beat[] }) {
  const column = (name: keyof Beat) => beats.map((b) => b[name]);
  const times = beats.map((b) => b.at);
  const ms = (v: number) => duration(v);
  return (
    <div className="two">
      <Panel title="Invocations a second">
        <Chart
          label="Invocations a second"
          times={times}
          format={perSecond}
          series={[
            { label: 'Invocations', colour: 'accent', values: column('rate'), fill: true },
            { label: 'Errors', colour: 'bad', values: column('errors') },
            { label: 'Cold starts', colour: 'cold', values: column('cold') },
          ]}
        />
      </Panel>
      <Panel title="Duration">
        <Chart
          label="Duration"
          times={times}
          format={ms}
          series={[
            { label: 'Median', colour: 'accent', values: column('p50') },
            { label: '99th percentile', colour: 'warn', values: column('p99') },
          ]}
        />
      </Panel>
    </div>
  );
}

const MANY = 10; // functions; more are not seen at once

const COLUMNS: Column<Running>[] = [
  { key: 'name', title: 'Function', cell: (r) => <a href={href('functions', [r.name])}>{r.name}</a>, sort: (r) => r.name, width: 'minmax(9rem, 3fr)' },
  {
    key: 'busy',
    title: 'Instances',
    cell: (r) => (r.busy + r.idle + r.starting ? `${r.busy} busy, ${r.idle} idle${r.starting ? `, ${r.starting} starting` : ''}` : '–'),
    sort: (r) => r.busy + r.idle,
    width: 'minmax(7rem, 1.3fr)',
  },
  { key: 'calls', title: 'Calls today', cell: (r) => count(r.invocations), sort: (r) => r.invocations, align: 'end', width: '6rem' },
  {
    key: 'errors',
    title: 'Errors',
    cell: (r) => (r.errors ? <Badge tone="bad">{count(r.errors)}</Badge> : '0'),
    sort: (r) => r.errors,
    align: 'end',
    width: '4.5rem',
    narrow: 'hide',
  },
  { key: 'mean', title: 'Mean', cell: (r) => duration(r.mean), sort: (r) => r.mean ?? 0, align: 'end', width: '5.5rem', narrow: 'hide' },
  { key: 'cost', title: 'Cost today', cell: (r) => money(r.cost), sort: (r) => r.cost, align: 'end', width: '7.5rem', narrow: 'hide' },
];

export function Overview() {
  const beats = usePulse();
  const filter = useFilter();
  const state = useQuery({ queryKey: ['status'], queryFn: status, refetchInterval: 2000 });
  const day = today();
  const used = useQuery({ queryKey: ['usage', day], queryFn: () => usedOf(day, day), refetchInterval: 4000 });
  const buckets = useQuery({ queryKey: ['names', 'buckets'], queryFn: bucketNames, refetchInterval: 15_000 });
  const tables = useQuery({ queryKey: ['names', 'tables'], queryFn: listTables, refetchInterval: 15_000 });
  const running = useMemo(() => runningOf(state.data?.instances ?? [], used.data?.usage ?? []), [state.data, used.data]);
  const spent = used.data && totalOf([...used.data.usage, ...used.data.uses]);
  const calls = running.reduce((n, r) => n + r.invocations, 0);
  const errors = running.reduce((n, r) => n + r.errors, 0);
  const reached = useReached();
  const now = reached ? beats.at(-1) : undefined; // of what is gone nothing is known
  return (
    <>
      <PageHead title="Overview" lead={`Gust ${session().version} at ${session().endpoint}`} />
      <Await query={state}>
        {(now_) => (
          <>
            <div className="tiles">
              <Tile label="Functions" value={count(now_.functions)} note={reached ? many(now_.instances.reduce((n, i) => n + i.busy + i.idle, 0), 'instance') : undefined} to={href('functions')} />
              <Tile label="Buckets" value={buckets.data ? count(buckets.data.length) : '…'} to={href('buckets')} />
              <Tile label="Tables" value={tables.data ? count(tables.data.length) : '…'} to={href('tables')} />
              <Tile
                label="Failed events"
                value={count(now_.events.failed)}
                tone={now_.events.failed ? 'bad' : ''}
                note={`${now_.events.waiting} waiting, ${now_.events.running} running`}
                to={href('failed')}
              />
              <Tile label="Calls today" value={count(calls)} note={`${count(errors)} failed`} tone={errors ? 'warn' : ''} />
              <Tile label="Now" value={now ? `${perSecond(now.rate)}/s` : '–'} note={`median ${duration(now?.p50)}`} />
              <Tile label="Cost today" value={spent === undefined ? '…' : money(spent)} note="by a public cloud's prices" to={href('bill')} />
            </div>
            {session().root && <Charts beats={beats} />}
            <Panel title="What runs" actions={(running.length > MANY || filter.text) && <Filter of={filter} />}>
              {running.length ? (
                <DataTable label="Functions that ran today" rows={running.filter((r) => filter.has(r.name))} columns={COLUMNS} rowKey={(r) => r.name} height={420} />
              ) : (
                <Empty title="Nothing has run today" command={now_.functions ? 'gust invoke NAME --payload \'{"hello": "world"}\'' : 'gust deploy examples/thumbnails'}>
                  {now_.functions ? 'Invoke a function, or let an event do it.' : 'Deploy a template; this page shows what it does as it does it.'}
                </Empty>
              )}
            </Panel>
          </>
        )}
      </Await>
    </>
  );
}

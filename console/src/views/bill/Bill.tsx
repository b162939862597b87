import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useMemo, useState } from 'react';
import { budget, used as usedOf, type Budget, type Usage, type Use } from '../../api/admin';
import { href } from '../../app/router';
import { Await, Badge, Button, Empty, Field, PageHead, Panel } from '../../ui/basics';
import { Chart } from '../../ui/Chart';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';
import { amount, bytes, count, duration, many, money, today } from '../../ui/format';
import { csvOf, grouped, namesOf, totalOf, type By, type Group } from './grouped';
import { Services } from './Services';

const DAYS = [
  [1, 'Today'],
  [7, '7 days'],
  [30, '30 days'],
  [365, 'A year'],
] as const;

const columns = (by: By): Column<Group>[] => [
  {
    key: 'name',
    title: by === 'function' ? 'Function' : by === 'day' ? 'Day' : 'Tag',
    cell: (g) => (by === 'function' ? <a href={href('functions', [g.name])}>{g.name}</a> : g.name),
    sort: (g) => g.name,
    width: 'minmax(8rem, 3fr)',
  },
  ...(by === 'function'
    ? []
    : [{ key: 'requests', title: 'Requests', cell: (g: Group) => count(g.requests), sort: (g: Group) => g.requests, align: 'end', width: '5.5rem', narrow: 'hide' } as const]),
  { key: 'calls', title: 'Invocations', cell: (g) => count(g.invocations), sort: (g) => g.invocations, align: 'end', width: '6rem' },
  { key: 'errors', title: 'Errors', cell: (g) => count(g.errors), sort: (g) => g.errors, align: 'end', width: '4rem', narrow: 'hide' },
  { key: 'billed', title: 'Billed', cell: (g) => duration(g.billed_ms), sort: (g) => g.billed_ms, align: 'end', width: '5.2rem', narrow: 'hide' },
  { key: 'gbs', title: 'GB-seconds', cell: (g) => (g.mb_ms / 1_024_000).toFixed(3), sort: (g) => g.mb_ms, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'cpu', title: 'CPU', cell: (g) => duration(g.cpu_us / 1000), sort: (g) => g.cpu_us, align: 'end', width: '5rem', narrow: 'hide' },
  { key: 'bytes', title: 'In and out', cell: (g) => bytes(g.bytes_in + g.bytes_out), sort: (g) => g.bytes_in + g.bytes_out, align: 'end', width: '5.8rem', narrow: 'hide' },
  { key: 'cost', title: 'Cost', cell: (g) => money(g.cost), sort: (g) => g.cost, align: 'end', width: '7.5rem' },
];

function Days({ rows, days }: { rows: (Usage | Use)[]; days: number }) {
  const { times, values } = useMemo(() => {
    const costs = new Map(grouped(rows, namesOf('day')).map((d) => [d.name, d.cost]));
    const all = Array.from({ length: days }, (_, i) => today(new Date(Date.now() - (days - 1 - i) * 86_400_000)));
    return { times: all.map((day) => new Date(day).getTime() / 1000), values: all.map((day) => costs.get(day) ?? 0) };
  }, [rows, days]);
  return (
    <Panel title="Cost by day">
      <Chart label="Cost by day" times={times} format={money} bars least={0} series={[{ label: 'Cost', colour: 'accent', values, fill: true }]} />
    </Panel>
  );
}

export default function Bill() {
  const [days, setDays] = useState(7);
  const [by, setBy] = useState<By>('function');
  const filter = useFilter();
  const from = today(new Date(Date.now() - (days - 1) * 86_400_000));
  const used = useQuery({ queryKey: ['usage', from, today()], queryFn: () => usedOf(from, today()), refetchInterval: 10_000 });
  const limit = useQuery({ queryKey: ['budget'], queryFn: budget, retry: false });
  const save = (groups: Group[]) => {
    const url = URL.createObjectURL(new Blob([csvOf(by, groups)], { type: 'text/csv' }));
    Object.assign(document.createElement('a'), { href: url, download: `gust-bill-by-${by}.csv` }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <Await query={used}>
      {({ usage, uses }) => {
        const rows = [...usage, ...uses];
        const groupsOf = (of: (Usage | Use)[]) => grouped(of, namesOf(by)).filter((g) => filter.has(g.name)).sort((a, b) => b.cost - a.cost);
        const all = groupsOf(rows);
        // By function what else was used has a table of its own; by day and by tag all is in the one.
        const groups = by === 'function' ? groupsOf(usage) : all;
        const others = by === 'function' ? uses.filter((use) => filter.has(namesOf(by)(use)[0])) : [];
        const total = totalOf(rows);
        const several = by === 'tag' && rows.some((row) => Object.keys(row.tags).length > 1);
        return (
          <>
            <PageHead title="Bill" lead={`${money(total)} by a public cloud's prices; here it costs nothing.`}>
              <Field label="Filter">
                <Filter of={filter} />
              </Field>
              <Field label="Time">
                <select value={days} onChange={(e) => setDays(Number(e.target.value))}>
                  {DAYS.map(([n, words]) => (
                    <option key={n} value={n}>
                      {words}
                    </option>
                  ))}
                </select>
              </Field>
              <Field label="By">
                <select value={by} onChange={(e) => setBy(e.target.value as By)}>
                  <option value="function">function</option>
                  <option value="day">day</option>
                  <option value="tag">tag</option>
                </select>
              </Field>
              <Button className="bottom" disabled={!all.length} onClick={() => save(all)}>
                <Download size={16} aria-hidden /> CSV
              </Button>
            </PageHead>
            {limit.data && <BudgetLine budget={limit.data} />}
            {!rows.length ? (
              <Empty title="Nothing was used in this time" command="gust bill --by day">
                Each invocation is recorded: its time, memory, CPU and bytes.
              </Empty>
            ) : (
              <>
                {days > 1 && <Days rows={rows} days={days} />}
                {(usage.length > 0 || by !== 'function') && (
                  <DataTable
                    label={`Usage by ${by}`}
                    rows={groups}
                    columns={columns(by)}
                    rowKey={(g) => g.name}
                    height={480}
                    foot={`${many(groups.length, by)}${several ? '; what has several tags is in the row of each' : `, ${money(groups.reduce((sum, g) => sum + g.cost, 0))}`}`}
                  />
                )}
              </>
            )}
            <Services uses={others} />
          </>
        );
      }}
    </Await>
  );
}

function BudgetLine({ budget: b }: { budget: Budget }) {
  return (
    <p className={`notice ${b.passed ? 'bad' : ''}`}>
      <span>
        Budget of {b.amount} {b.currency} a {b.per}: {amount(Number(b.spent))} {b.currency} spent in {b.period}.
      </span>
      <Badge tone={b.passed ? 'bad' : 'ok'}>{b.passed ? 'passed' : 'within'}</Badge>
    </p>
  );
}

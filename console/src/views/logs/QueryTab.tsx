import { useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useMemo, useState, type FormEvent, type KeyboardEvent } from 'react';
import { runQuery, type QueryRow } from '../../api/logs';
import { Await, Button, Empty, Facts, Field } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { count } from '../../ui/format';
import { sinceOf } from './range';
import { Since } from './Since';

const NEWEST = 'fields @timestamp, @message | sort @timestamp desc | limit 20';
const SAMPLES = [
  [NEWEST, 'the newest lines'],
  ['filter @message like /ERROR/ | stats count(*) as errors by bin(5m)', 'errors by time'],
  ['filter @type = "REPORT" | stats avg(@duration), pct(@duration, 99), max(@maxMemoryUsed / 1000000) by bin(5m)', 'durations of a function, text'],
  ['filter type = "platform.report" | stats avg(record.metrics.durationMs), pct(record.metrics.durationMs, 99) by bin(5m)', 'durations of a function, JSON'],
  ['stats count(*) as lines by level | sort lines desc', 'lines by level, JSON'],
] as const;
const WIDTH = 150; // of a column on a phone, in pixels

type Row = { key: string; row: QueryRow };

const columnsOf = (names: string[]): Column<Row>[] =>
  names.map((name) => ({
    key: name,
    title: name,
    cell: ({ row }) => <span className="mono">{row[name] ?? ''}</span>,
    sort: ({ row }) => {
      const value = row[name] ?? '';
      return value !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
    },
    width: name === '@message' ? 'minmax(12rem, 4fr)' : 'minmax(7rem, 1fr)',
  }));

export function QueryTab({ group }: { group: string }) {
  const [text, setText] = useState<string>(NEWEST);
  const [minutes, setMinutes] = useState(1440);
  const [asked, setAsked] = useState({ text: NEWEST as string, minutes: 1440, at: 0 });
  const [open, setOpen] = useState<Row>();
  const answer = useQuery({
    queryKey: ['log-query', group, asked],
    queryFn: ({ signal }) => runQuery(group, asked.text, sinceOf(asked.minutes), Date.now(), signal),
    retry: false, // a query that is wrong stays wrong
  });
  const columns = useMemo(() => columnsOf(answer.data?.columns ?? []), [answer.data]);
  const rows = useMemo(() => (answer.data?.rows ?? []).map((row, i): Row => ({ key: String(i), row })), [answer.data]);
  const ask = () => setAsked({ text, minutes, at: asked.at + 1 });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    ask();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) ask();
  };
  return (
    <>
      <form className="stack" onSubmit={onSubmit}>
        <Field label="Insights query" hint="Ctrl-Enter runs it.">
          <textarea className="mono" rows={3} value={text} spellCheck={false} onChange={(e) => setText(e.target.value)} onKeyDown={onKeyDown} />
        </Field>
        <div className="query">
          <Field label="Samples">
            <select value={SAMPLES.some(([sample]) => sample === text) ? text : ''} onChange={(e) => e.target.value && setText(e.target.value)}>
              <option value="">of your own</option>
              {SAMPLES.map(([sample, words]) => (
                <option key={words} value={sample}>
                  {words}
                </option>
              ))}
            </select>
          </Field>
          <Since minutes={minutes} set={setMinutes} />
          <Button type="submit" kind="primary" className="bottom" busy={answer.isFetching} disabled={!text.trim()}>
            <Play size={16} aria-hidden /> Run
          </Button>
        </div>
      </form>
      <Await query={answer}>
        {(found) =>
          rows.length ? (
            <DataTable
              label="Results"
              rows={rows}
              columns={columns}
              rowKey={(r) => r.key}
              onOpen={setOpen}
              minWidth={columns.length > 2 ? columns.length * WIDTH : undefined}
              foot={`${count(rows.length)} rows of ${count(found.matched)} matching lines; ${count(found.scanned)} were read`}
            />
          ) : (
            <Empty title="The query found nothing">{`${count(found.scanned)} lines were read: choose a longer time, or another filter.`}</Empty>
          )
        }
      </Await>
      {open && (
        <Dialog title="Row of the results" className="wide" onClose={() => setOpen(undefined)}>
          <Facts rows={Object.entries(open.row).filter(([name]) => name !== '@ptr').map(([name, value]): [string, string] => [name, value])} />
        </Dialog>
      )}
    </>
  );
}

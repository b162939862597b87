import { useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useMemo, useState, type FormEvent, type KeyboardEvent } from 'react';
import { runQuery, type QueryRow } from '../../api/logs';
import { Await, Button, Empty, Facts, Field } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { count, many } from '../../ui/format';
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
const MOST_LETTERS = 36; // of a column that leaves no room for others
const LETTER = 8.2; // its width, in pixels
const GAP = 15; // between columns
const PADDING = 30; // around them

type Row = { key: string; row: QueryRow };

/** As wide as what is in it: letters of the longest of the first rows, of its title at least. */
const lettersOf = (name: string, rows: QueryRow[]) => Math.min(MOST_LETTERS, Math.max(name.length + 3, ...rows.slice(0, 100).map((row) => (row[name] ?? '').length)));

const columnsOf = (names: string[], rows: QueryRow[]): Column<Row>[] =>
  names.map((name) => ({
    key: name,
    title: name,
    cell: ({ row }) => <span className="mono">{row[name] ?? ''}</span>,
    sort: ({ row }) => {
      const value = row[name] ?? '';
      return value !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
    },
    width: `minmax(${lettersOf(name, rows) * LETTER}px, ${lettersOf(name, rows) * (lettersOf(name, rows) === MOST_LETTERS ? 4 : 1)}fr)`,
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
  const columns = useMemo(() => columnsOf(answer.data?.columns ?? [], answer.data?.rows ?? []), [answer.data]);
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
              minWidth={found.columns.reduce((sum, name) => sum + lettersOf(name, found.rows) * LETTER + GAP, PADDING)}
              foot={`${many(rows.length, 'row')} of ${many(found.matched, 'matching line')}; ${count(found.scanned)} read`}
            />
          ) : (
            <Empty title="The query found nothing">{`${many(found.scanned, 'line')} read: choose a longer time, or another filter.`}</Empty>
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

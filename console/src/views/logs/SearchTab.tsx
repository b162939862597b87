import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { searchLogs, type LogLine } from '../../api/admin';
import { Await, Button, Clock, Empty, Field } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { count } from '../../ui/format';
import { logText } from '../../ui/logText';
import { EventDialog } from './EventDialog';
import { sinceOf } from './range';
import { Since } from './Since';

const MOST = 1000;

type Row = LogLine & { key: string };

const COLUMNS: Column<Row>[] = [
  { key: 'at', title: 'Time', cell: (l) => <Clock ms={l.time_ms} />, width: '7.5rem', narrow: '4.6rem' },
  {
    key: 'message',
    title: 'Message',
    cell: (l) => {
      const { text, level } = logText(l.message);
      return <span className={`mono ${level}`}>{text || ' '}</span>;
    },
    width: 'minmax(10rem, 4fr)',
  },
  { key: 'stream', title: 'Stream', cell: (l) => <span className="muted">{l.stream}</span>, narrow: 'hide' },
];

export function SearchTab({ group, command }: { group: string; command: string }) {
  const [pattern, setPattern] = useState('');
  const [minutes, setMinutes] = useState(1440);
  const [asked, setAsked] = useState({ pattern: '', minutes: 1440, at: 0 });
  const [open, setOpen] = useState<Row>();
  const found = useQuery({
    queryKey: ['log-search', group, asked],
    queryFn: async ({ signal }) => {
      const lines = await searchLogs(group, asked.pattern, sinceOf(asked.minutes), MOST, signal);
      return lines.map((line, i): Row => ({ ...line, key: `${line.time_ms} ${i}` }));
    },
    retry: false, // a pattern that is wrong stays wrong
  });
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setAsked({ pattern: pattern.trim(), minutes, at: asked.at + 1 });
  };
  return (
    <>
      <form className="query" role="search" onSubmit={ask}>
        <Field label="Filter pattern">
          <input type="search" className="mono" value={pattern} spellCheck={false} placeholder='ERROR, or { $.level = "ERROR" }' onChange={(e) => setPattern(e.target.value)} />
        </Field>
        <Since minutes={minutes} set={setMinutes} />
        <Button type="submit" kind="primary" className="bottom" busy={found.isFetching}>
          <Search size={16} aria-hidden /> Search
        </Button>
      </form>
      <Await query={found}>
        {(rows) =>
          rows.length ? (
            <DataTable
              label={`Lines of ${group}`}
              rows={rows}
              columns={COLUMNS}
              rowKey={(l) => l.key}
              onOpen={setOpen}
              foot={rows.length < MOST ? `${count(rows.length)}, the newest first` : `the ${count(MOST)} newest; a pattern or a shorter time finds others`}
            />
          ) : (
            <Empty title="No line is like this" command={command}>
              Choose another pattern or a longer time, or make a line.
            </Empty>
          )
        }
      </Await>
      {open && <EventDialog line={open} group={group} onClose={() => setOpen(undefined)} />}
    </>
  );
}

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '../../api/http';
import { listTraces, useNewTraces, type Summary, type TraceSearch } from '../../api/traces';
import { go, href, useRoute } from '../../app/router';
import { Badge, Button, Clock, Empty, Failure, Field, Loading, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { useFilter } from '../../ui/Filter';
import { count, duration } from '../../ui/format';
import { TracePage } from './TracePage';

const TONES = { ok: 'ok', error: 'warn', fault: 'bad', throttle: 'warn' } as const;

const COLUMNS: Column<Summary>[] = [
  { key: 'at', title: 'Time', cell: (t) => <Clock ms={t.start / 1000} />, sort: (t) => t.start, width: '7rem', narrow: '4.6rem' },
  { key: 'status', title: 'Status', cell: (t) => <Badge tone={TONES[t.status]}>{t.status}</Badge>, sort: (t) => t.status, width: '6rem', narrow: '5rem' },
  { key: 'name', title: 'What', cell: (t) => <a href={href('traces', [t.id])}>{t.name}</a>, sort: (t) => t.name, width: 'minmax(9rem, 2fr)' },
  { key: 'functions', title: 'Functions', cell: (t) => t.functions.join(', '), narrow: 'hide' },
  { key: 'spans', title: 'Steps', cell: (t) => t.spans, sort: (t) => t.spans, align: 'end', width: '4.5rem', narrow: 'hide' },
  { key: 'cold', title: 'Cold', cell: (t) => t.cold_starts || '', sort: (t) => t.cold_starts, align: 'end', width: '4rem', narrow: 'hide' },
  { key: 'duration', title: 'Duration', cell: (t) => duration(t.duration_us / 1000), sort: (t) => t.duration_us, align: 'end', width: '6.5rem', narrow: '4.6rem' },
];

const TIMES = [
  [15, '15 minutes'],
  [60, 'an hour'],
  [1440, 'a day'],
  [0, 'all'],
] as const;

function List() {
  const { query: address } = useRoute();
  const queries = useQueryClient();
  const { text, set: setText } = useFilter();
  const [status, setStatus] = useState('');
  const [minutes, setMinutes] = useState(60);
  const [fresh, setFresh] = useState(0);
  const name = address.get('function') ?? undefined;
  const search = useMemo(
    (): TraceSearch => ({
      since: minutes ? Math.floor(Date.now() / 60_000 - minutes) * 60_000 : undefined,
      function: name,
      text: text.trim() || undefined,
      failed: status === 'failed',
      slow_ms: status === 'slow' ? 1000 : undefined,
    }),
    [minutes, name, text, status],
  );
  const traces = useInfiniteQuery({
    queryKey: ['traces', search],
    queryFn: ({ pageParam }) => listTraces(search, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
  const off = traces.error instanceof ApiError && traces.error.status === 404;
  // While somebody is at the first page it is asked for again as traces come, at most once a second.
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  const atTop = (traces.data?.pages.length ?? 0) <= 1;
  const onTrace = useCallback(() => {
    setFresh((n) => n + 1);
    due.current ??= setTimeout(() => {
      due.current = undefined;
      if (!atTop) return;
      setFresh(0);
      void queries.invalidateQueries({ queryKey: ['traces'] });
    }, 1000);
  }, [atTop, queries]);
  const live = useNewTraces(!off && traces.isSuccess, onTrace);
  const rows = traces.data?.pages.flatMap((p) => p.traces) ?? [];
  // A search of many traces answers in time rather than whole: what it has not looked at yet may have some.
  const goOn = !rows.length && traces.hasNextPage && !traces.isFetchingNextPage && !traces.error;
  const { fetchNextPage } = traces;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage]);
  if (off) return <TracesAreOff />;
  return (
    <>
      <PageHead title="Traces" lead={name ? `Of ${name}` : undefined}>
        {!atTop && fresh > 0 && (
          <Button
            onClick={() => {
              setFresh(0);
              void queries.resetQueries({ queryKey: ['traces'] });
            }}
          >
            {count(fresh)} new
          </Button>
        )}
        <Badge tone={live ? 'ok' : 'plain'}>{live ? 'live' : 'not live'}</Badge>
      </PageHead>
      <div className="query">
        <Field label="Search">
          <input type="search" value={text} placeholder="a name, a bucket, an id" onChange={(e) => setText(e.target.value)} />
        </Field>
        <Field label="Show">
          <select value={status} onChange={(e) => setStatus(e.target.value)}>
            <option value="">every trace</option>
            <option value="failed">only failed</option>
            <option value="slow">slower than 1 s</option>
          </select>
        </Field>
        <Field label="Since">
          <select value={minutes} onChange={(e) => setMinutes(Number(e.target.value))}>
            {TIMES.map(([n, words]) => (
              <option key={n} value={n}>
                {words}
              </option>
            ))}
          </select>
        </Field>
      </div>
      {traces.error ? (
        <Failure error={traces.error} again={() => void traces.refetch()} />
      ) : traces.isPending || (!rows.length && traces.hasNextPage) ? (
        <Loading what={traces.isPending ? undefined : 'Searching'} />
      ) : rows.length ? (
        <DataTable
          label="Traces"
          rows={rows}
          columns={COLUMNS}
          rowKey={(t) => t.id}
          onOpen={(t) => go(href('traces', [t.id]))}
          onEnd={() => traces.hasNextPage && !traces.isFetchingNextPage && void traces.fetchNextPage()}
          foot={`${count(rows.length)}${traces.hasNextPage ? ' so far; scroll for more' : ''}`}
        />
      ) : (
        <Empty title="No trace is like this" command="gust traces --failed">
          Every request leaves one: choose another time, or make a request.
        </Empty>
      )}
    </>
  );
}

export const TracesAreOff = () => (
  <>
    <PageHead title="Traces" />
    <Empty title="Traces are off" command="gust status">
      This Gust keeps no traces. They come with a later version, or are turned off in its settings.
    </Empty>
  </>
);

export default function Traces() {
  const { rest } = useRoute();
  return rest[0] ? <TracePage key={rest[0]} id={rest[0]} /> : <List />;
}

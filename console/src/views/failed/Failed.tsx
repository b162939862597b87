import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { dropFailed, failedEvents, retryFailed, type FailedEvent } from '../../api/admin';
import { href } from '../../app/router';
import { Await, Badge, Button, Empty, Facts, PageHead } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { DataTable, type Column } from '../../ui/DataTable';
import { Confirm, Dialog } from '../../ui/Dialog';
import { Filter, useFilter } from '../../ui/Filter';
import { ago, count, many, pretty } from '../../ui/format';
import { toast, toastError } from '../../ui/Toasts';

/** What a function's error says, in a line. */
export function reasonOf(error: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(error);
    return errorMessage === undefined ? error : `${errorType ?? 'Error'}: ${errorMessage}`;
  } catch {
    return error;
  }
}

const columns = (chosen: Set<string>, toggle: (id: string) => void): Column<FailedEvent>[] => [
  {
    key: 'choose',
    title: '',
    cell: (e) => <input type="checkbox" aria-label={`Choose ${e.id}`} checked={chosen.has(e.id)} onChange={() => toggle(e.id)} />,
    width: '18px',
  },
  { key: 'function', title: 'Function', cell: (e) => <a href={href('functions', [e.function])}>{e.function}</a>, sort: (e) => e.function, width: 'minmax(8rem, 1fr)' },
  { key: 'error', title: 'Why', cell: (e) => reasonOf(e.error), sort: (e) => e.error, width: 'minmax(0, 2fr)', narrow: 'hide' },
  { key: 'attempts', title: 'Attempts', cell: (e) => <Badge tone="bad">{e.attempts}</Badge>, sort: (e) => e.attempts, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'failed', title: 'Given up', cell: (e) => ago(e.failed_at), sort: (e) => e.failed_at, align: 'end', width: '7rem' },
];

function Look({ event, onClose, onRetry }: { event: FailedEvent; onClose: () => void; onRetry: () => void }) {
  return (
    <Dialog title={`Failed event of ${event.function}`} className="wide" onClose={onClose}>
      <Facts
        rows={[
          ['Id', <code key="id">{event.id}</code>],
          ['Why', reasonOf(event.error)],
          ['Attempts', event.attempts],
          ['Taken', event.enqueued_at],
          ['Given up', event.failed_at],
        ]}
      />
      <Code label="Event" text={pretty(event.payload)} language="json" />
      <div className="actions end">
        <a className="button" href={href('functions', [event.function], { tab: 'logs' })}>
          Logs
        </a>
        <Button kind="primary" onClick={onRetry}>
          <RotateCcw size={16} aria-hidden /> Send it again
        </Button>
      </div>
    </Dialog>
  );
}

export default function Failed() {
  const queries = useQueryClient();
  const events = useQuery({ queryKey: ['failed'], queryFn: failedEvents, refetchInterval: 3000 });
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [open, setOpen] = useState<FailedEvent>();
  const [asks, setAsks] = useState(false);
  const filter = useFilter();
  const toggle = (id: string) => setChosen((before) => new Set(before.has(id) ? [...before].filter((i) => i !== id) : [...before, id]));
  const act = useMutation({
    mutationFn: async ({ ids, how }: { ids: string[]; how: 'retry' | 'drop' }) => {
      for (const id of ids) await (how === 'retry' ? retryFailed(id) : dropFailed(id));
    },
    onSuccess: (_, { ids, how }) => toast(how === 'retry' ? `${count(ids.length)} sent again.` : `${count(ids.length)} dropped.`),
    onError: toastError,
    onSettled: () => {
      setChosen(new Set());
      setOpen(undefined);
      setAsks(false);
      void queries.invalidateQueries({ queryKey: ['failed'] });
    },
  });
  const all = events.data ?? [];
  const rows = all.filter((e) => filter.has(e.function, e.error));
  const ids = rows.map((e) => e.id).filter((id) => !chosen.size || chosen.has(id));
  const which = ids.length < all.length ? count(ids.length) : 'all';
  return (
    <>
      <PageHead title="Failed events" lead="Asynchronous invocations that failed each time, kept until you decide.">
        {all.length > 0 && (
          <>
            <Filter of={filter} label="Filter by function or why" short="Function or why" />
            <Button kind="primary" busy={act.isPending} disabled={!ids.length} onClick={() => act.mutate({ ids, how: 'retry' })}>
              <RotateCcw size={16} aria-hidden /> Send {which} again
            </Button>
            <Button kind="danger" busy={act.isPending} disabled={!ids.length} onClick={() => setAsks(true)}>
              <Trash2 size={16} aria-hidden /> Drop {which}
            </Button>
          </>
        )}
      </PageHead>
      <Await query={events}>
        {() =>
          all.length ? (
            <DataTable label="Failed events" rows={rows} columns={columns(chosen, toggle)} rowKey={(e) => e.id} onOpen={setOpen} />
          ) : (
            <Empty title="Nothing has failed for good" command="gust failed list">
              An event that a function fails on is tried again; what fails each time is kept here, whole.
            </Empty>
          )
        }
      </Await>
      {open && <Look event={open} onClose={() => setOpen(undefined)} onRetry={() => act.mutate({ ids: [open.id], how: 'retry' })} />}
      {asks && (
        <Confirm title={`Drop ${many(ids.length, 'event')}?`} action="Drop" busy={act.isPending} onYes={() => act.mutate({ ids, how: 'drop' })} onClose={() => setAsks(false)}>
          <p>They are gone then, and cannot be sent again.</p>
        </Confirm>
      )}
    </>
  );
}

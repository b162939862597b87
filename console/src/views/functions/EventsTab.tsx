// The events that a function got, kept for a while: what became of each, and a way to send it again.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { keptEvent, keptEvents, replay, type KeptEvent } from '../../api/admin';
import { ApiError } from '../../api/http';
import { listVersions } from '../../api/lambda';
import { href } from '../../app/router';
import { Await, Badge, Button, Empty, Facts, Failure, Field, type Tone } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { ago, bytes, count, duration, pretty } from '../../ui/format';

const TONES: Record<string, Tone> = { ok: 'ok', running: 'accent', retrying: 'warn' };
const wordsOf = (status: string) => status.replace('_', ' ');
const toneOf = (status: string): Tone => TONES[status] ?? 'bad';

const COLUMNS: Column<KeptEvent>[] = [
  { key: 'at', title: 'Came', cell: (e) => ago(e.at), sort: (e) => e.at, width: '7rem' },
  { key: 'status', title: 'Became', cell: (e) => <Badge tone={toneOf(e.status)}>{wordsOf(e.status)}</Badge>, sort: (e) => e.status, width: '7rem' },
  { key: 'error', title: 'Error', cell: (e) => e.error ?? '', narrow: 'hide' },
  { key: 'kind', title: 'As', cell: (e) => (e.replay_of ? 'sent again' : e.kind), sort: (e) => e.kind, width: '6.5rem', narrow: 'hide' },
  { key: 'size', title: 'Size', cell: (e) => bytes(e.bytes), sort: (e) => e.bytes, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'duration', title: 'Duration', cell: (e) => duration(e.duration_us === undefined ? undefined : e.duration_us / 1000), sort: (e) => e.duration_us ?? 0, align: 'end', width: '6.5rem' },
];

function Look({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [version, setVersion] = useState('');
  const event = useQuery({ queryKey: ['kept', id], queryFn: () => keptEvent(id) });
  const versions = useQuery({ queryKey: ['versions', name], queryFn: () => listVersions(name) });
  const again = useMutation({ mutationFn: () => replay(id, version), onSettled: () => void queries.invalidateQueries({ queryKey: ['kept-events', name] }) });
  return (
    <Dialog title={`Event of ${name}`} className="wide" onClose={onClose}>
      <Await query={event}>
        {(found) => (
          <>
            <div className="badges">
              <Badge tone={toneOf(found.status)}>{wordsOf(found.status)}</Badge>
              <Badge>{found.kind}</Badge>
              {found.version && <Badge>version {found.version}</Badge>}
            </div>
            <Facts
              rows={[
                ['Request', <code key="id">{found.id}</code>],
                ['Error', found.error],
                ['Trace', found.trace_id && <a key="trace" href={href('traces', [found.trace_id.match(/1-[0-9a-f]{8}-[0-9a-f]{24}/)?.[0] ?? found.trace_id])}>what it set off</a>],
              ]}
            />
            {found.payload === undefined ? <p className="muted">It is too large to be kept.</p> : <Code label="Event" text={pretty(found.payload)} language="json" />}
            <div className="row">
              <Field label="To version">
                <select value={version} onChange={(e) => setVersion(e.target.value)}>
                  <option value="">the same</option>
                  {(versions.data ?? []).map((v) => (
                    <option key={v.Version}>{v.Version}</option>
                  ))}
                </select>
              </Field>
              <Button kind="primary" className="bottom" busy={again.isPending} disabled={found.payload === undefined} onClick={() => again.mutate()}>
                <RotateCcw size={16} aria-hidden /> {again.isPending ? 'Running…' : 'Send it again'}
              </Button>
            </div>
            {again.error && <Failure error={again.error} />}
            {again.data && (
              <div className="stack" role="status">
                <div className="badges">
                  <Badge tone={again.data.status === 'ok' ? 'ok' : 'bad'}>{again.data.status === 'ok' ? 'Succeeded' : (again.data.error ?? 'Failed')}</Badge>
                  <Badge>version {again.data.version}</Badge>
                  <Badge>{count(again.data.billed_ms)} ms billed</Badge>
                </div>
                <Code label="Answer" text={pretty(again.data.payload)} language="json" />
              </div>
            )}
          </>
        )}
      </Await>
    </Dialog>
  );
}

export function EventsTab({ name }: { name: string }) {
  const events = useQuery({ queryKey: ['kept-events', name], queryFn: () => keptEvents(name), refetchInterval: 3000 });
  const [open, setOpen] = useState<string>();
  if (events.error instanceof ApiError && events.error.status === 404) return <Empty title="No events are kept">{events.error.message}</Empty>;
  return (
    <>
      <Await query={events}>
        {(rows) =>
          rows.length ? (
            <DataTable label={`Events of ${name}`} rows={rows} columns={COLUMNS} rowKey={(e) => e.id} onOpen={(e) => setOpen(e.id)} foot={`${count(rows.length)}, the newest first`} />
          ) : (
            <Empty title="It has got no event yet" command={`gust invoke ${name}`}>
              What it gets is kept for a while, so that it can be sent again.
            </Empty>
          )
        }
      </Await>
      {open && <Look id={open} name={name} onClose={() => setOpen(undefined)} />}
    </>
  );
}

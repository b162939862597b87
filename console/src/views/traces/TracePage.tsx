import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getTrace, type Span, type Trace } from '../../api/traces';
import { href } from '../../app/router';
import { Await, Badge, CopyButton, Crumbs, Facts, PageHead, Panel } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { clockTime, duration, many } from '../../ui/format';
import { logsOf, rowsOf, suspect, type Row } from './tree';

const toneOf = (span: Span) => (span.status === 'fault' ? 'bad' : span.status === 'error' || span.status === 'throttle' ? 'warn' : 'ok');

function Bar({ row, start, chosen, onChoose }: { row: Row; start: number; chosen: boolean; onChoose: () => void }) {
  const { span, depth, offset, width } = row;
  const label = `${span.name}, ${span.kind}, after ${duration((span.start - start) / 1000)}, took ${duration(span.duration_us / 1000)}${toneOf(span) === 'ok' ? '' : `, ${span.status}`}`;
  return (
    <li>
      <button type="button" className="span" aria-label={label} aria-current={chosen || undefined} onClick={onChoose}>
        <span className="span-name" style={{ paddingLeft: Math.min(depth, 12) * 14 }}>
          {toneOf(span) !== 'ok' && <i className={`dot ${toneOf(span)}`} />}
          {span.name}
          <small className="muted"> {span.kind}</small>
        </span>
        <span className="span-track">
          <i className={`span-bar k-${span.kind} ${toneOf(span)}`} style={{ left: `${offset * 100}%`, width: `max(3px, ${width * 100}%)` }} />
        </span>
        <span className="span-time">{duration(span.duration_us / 1000)}</span>
      </button>
    </li>
  );
}

function SpanPanel({ span, trace, start }: { span: Span; trace: Trace; start: number }) {
  const logs = logsOf(span, trace.logs);
  const attributes = Object.entries(span.attributes ?? {}).map(([k, v]): [string, string] => [k, typeof v === 'string' ? v : JSON.stringify(v)]);
  return (
    <Panel title={span.name}>
      <div className="badges">
        <Badge>{span.kind}</Badge>
        <Badge>{span.service}</Badge>
        <Badge tone={toneOf(span)}>{span.status || 'ok'}</Badge>
        <Badge>{duration(span.duration_us / 1000)}</Badge>
      </div>
      {span.error && <p className="notice bad">{span.error}</p>}
      <Facts
        rows={[
          ['Begins', `${clockTime(span.start / 1000)}, after ${duration((span.start - start) / 1000)}`],
          ['Resource', span.service === 'lambda' && span.resource ? <a key="r" href={href('functions', [span.resource])}>{span.resource}</a> : span.resource],
          ['Request', span.request_id && <code key="q">{span.request_id}</code>],
          ...attributes,
        ]}
      />
      {logs.length > 0 && (
        <>
          <h3>Log</h3>
          <Code label="Lines that were printed" text={logs.map((l) => `${clockTime(l.at)}  ${l.text}`).join('\n')} />
        </>
      )}
    </Panel>
  );
}

function Waterfall({ trace }: { trace: Trace }) {
  const { rows, start, total } = useMemo(() => rowsOf(trace.spans), [trace]);
  const [chosen, setChosen] = useState<string>();
  const shown = rows.find((r) => r.span.id === chosen)?.span ?? suspect(rows);
  const root = rows[0]?.span;
  return (
    <>
      <PageHead title={root?.name ?? trace.id} lead={`${clockTime(start / 1000)} · ${many(rows.length, 'step')} · ${duration(total / 1000)}`}>
        <code className="small">{trace.id}</code>
        <CopyButton text={trace.id} label="Copy the trace's id" />
      </PageHead>
      <div className="waterfall">
        <Panel>
          <ol className="spans" aria-label="Steps of the trace">
            {rows.map((row) => (
              <Bar key={row.span.id} row={row} start={start} chosen={row.span === shown} onChoose={() => setChosen(row.span.id)} />
            ))}
          </ol>
        </Panel>
        {shown && <SpanPanel span={shown} trace={trace} start={start} />}
      </div>
    </>
  );
}

export function TracePage({ id }: { id: string }) {
  // A trace goes on through queues: it grows while its events are delivered.
  const trace = useQuery({ queryKey: ['trace', id], queryFn: () => getTrace(id), refetchInterval: 3000 });
  return (
    <>
      <Crumbs items={[['Traces', href('traces')], [id]]} />
      <Await query={trace}>{(found) => <Waterfall trace={found} />}</Await>
    </>
  );
}

import { useMutation } from '@tanstack/react-query';
import { Play, Save, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { invoke, type Invocation } from '../../api/lambda';
import { href } from '../../app/router';
import { Badge, Button, Failure, Field, Panel } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { duration, pretty } from '../../ui/format';
import { toast } from '../../ui/Toasts';
import { dropEvent, SAMPLES, saveEvent, savedEvents } from './savedEvents';

function problemOf(payload: string): string | undefined {
  try {
    JSON.parse(payload);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function Outcome({ result, name }: { result: Invocation; name: string }) {
  const report = result.log.match(/Duration: ([\d.]+) ms/)?.[1];
  const memory = result.log.match(/Max Memory Used: (\d+) MB/)?.[1];
  const init = result.log.match(/Init Duration: ([\d.]+) ms/)?.[1];
  return (
    <>
      <div className="badges">
        <Badge tone={result.error ? 'bad' : 'ok'}>{result.error ? `${result.error} error` : result.status === 202 ? 'Queued' : 'Succeeded'}</Badge>
        {report && <Badge>{duration(Number(report))}</Badge>}
        {init && <Badge tone="accent">cold start {duration(Number(init))}</Badge>}
        {memory && <Badge>{memory} MB used</Badge>}
        <Badge>{duration(result.took)} with the way here</Badge>
      </div>
      {result.status === 202 ? (
        <p>
          The event was taken. What it prints is in the <a href={href('functions', [name], { tab: 'logs' })}>logs</a>; if it fails for good, it is kept in{' '}
          <a href={href('failed')}>failed events</a>.
        </p>
      ) : (
        <Code label="Answer" text={pretty(result.payload)} language="json" />
      )}
      {result.log && (
        <>
          <h3>Log</h3>
          <Code label="The end of the log" text={result.log.trimEnd()} />
        </>
      )}
      {result.trace && (
        <p>
          <a href={href('traces', [result.trace])}>Its trace</a>
        </p>
      )}
      {result.requestId && <p className="muted small">Request {result.requestId}</p>}
    </>
  );
}

export function TestTab({ name }: { name: string }) {
  const [saved, setSaved] = useState(() => savedEvents(name));
  const [chosen, setChosen] = useState(saved.at(-1)?.name ?? SAMPLES[0].name);
  const [payload, setPayload] = useState((saved.at(-1) ?? SAMPLES[0]).payload);
  const [title, setTitle] = useState('');
  const run = useMutation({ mutationFn: (how: 'wait' | 'queue') => invoke(name, payload, how) });
  const problem = problemOf(payload);
  const mine = saved.some((e) => e.name === chosen);
  const choose = (next: string) => {
    setChosen(next);
    setPayload([...saved, ...SAMPLES].find((e) => e.name === next)!.payload);
  };
  const save = () => {
    const as = title.trim() || (mine ? chosen : `Event ${saved.length + 1}`);
    setSaved(saveEvent(name, { name: as, payload }));
    setChosen(as);
    setTitle('');
    toast(`The event '${as}' is saved in this browser.`);
  };
  const drop = () => {
    setSaved(dropEvent(name, chosen));
    setChosen(SAMPLES[0].name);
  };
  return (
    <div className="two even">
      <Panel title="Event">
        <div className="row">
          <Field label="Saved events and samples" className="grow">
            <select value={chosen} onChange={(e) => choose(e.target.value)}>
              {saved.length > 0 && (
                <optgroup label="Saved">
                  {saved.map((e) => (
                    <option key={e.name}>{e.name}</option>
                  ))}
                </optgroup>
              )}
              <optgroup label="Samples">
                {SAMPLES.map((e) => (
                  <option key={e.name}>{e.name}</option>
                ))}
              </optgroup>
            </select>
          </Field>
          {mine && (
            <Button kind="quiet" className="icon" aria-label={`Delete the saved event ${chosen}`} onClick={drop}>
              <Trash2 size={16} aria-hidden />
            </Button>
          )}
        </div>
        <Field label="JSON" hint={problem ? undefined : 'Ctrl-Enter invokes.'}>
          <textarea
            className="mono"
            rows={14}
            spellCheck={false}
            value={payload}
            aria-invalid={!!problem}
            aria-describedby={problem ? 'event-problem' : undefined}
            onChange={(e) => setPayload(e.target.value)}
            onKeyDown={(e) => e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !problem && run.mutate('wait')}
          />
        </Field>
        {problem && (
          <p className="problem" id="event-problem" role="alert">
            This is no JSON: {problem}
          </p>
        )}
        <div className="row">
          <Button kind="primary" busy={run.isPending} disabled={!!problem} onClick={() => run.mutate('wait')}>
            <Play size={16} aria-hidden />
            {run.isPending ? 'Running…' : 'Invoke'}
          </Button>
          <Button disabled={!!problem || run.isPending} onClick={() => run.mutate('queue')}>
            Invoke without waiting
          </Button>
        </div>
        <div className="row">
          <Field label="Save as" className="grow">
            <input value={title} placeholder={mine ? chosen : 'A name'} onChange={(e) => setTitle(e.target.value)} />
          </Field>
          <Button className="bottom" disabled={!!problem} onClick={save}>
            <Save size={16} aria-hidden />
            Save
          </Button>
        </div>
      </Panel>
      <Panel title="Outcome">
        {run.error ? (
          <Failure error={run.error} />
        ) : run.data ? (
          <Outcome result={run.data} name={name} />
        ) : (
          <p className="muted">{run.isPending ? 'It runs…' : 'Invoke the function to see what it answers and prints.'}</p>
        )}
      </Panel>
    </div>
  );
}

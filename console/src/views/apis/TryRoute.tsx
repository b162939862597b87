import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { tryRoute, type Answer } from '../../api/apigateway';
import { Badge, Button, Failure, Field, Panel } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { duration, pretty } from '../../ui/format';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

function Answered({ answer }: { answer: Answer }) {
  return (
    <>
      <div className="badges">
        <Badge tone={answer.status < 300 ? 'ok' : answer.status < 400 ? 'accent' : 'bad'}>{answer.status}</Badge>
        <Badge>{duration(answer.took)}</Badge>
      </div>
      <Code label="Body of the answer" text={pretty(answer.body) || '(empty)'} language={/^[[{]/.test(answer.body) ? 'json' : undefined} />
      <details>
        <summary>Headers</summary>
        <Code label="Headers of the answer" text={answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n')} />
      </details>
    </>
  );
}

export function TryRoute({ api, stages, method, path }: { api: string; stages: string[]; method?: string; path?: string }) {
  const start = path === '$default' || !path ? '/' : path;
  const [form, setForm] = useState({ stage: stages[0] ?? '$default', method: METHODS.includes(method ?? '') ? method! : 'GET', path: start, body: '' });
  const run = useMutation({ mutationFn: () => tryRoute(api, form.stage, form.method, form.path, form.body) });
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate();
  };
  return (
    <div className="two even try">
      <Panel title="Try a route">
        <form onSubmit={submit}>
          <div className="row">
            {stages.length > 1 && (
              <Field label="Stage">
                <select value={form.stage} onChange={(e) => set({ stage: e.target.value })}>
                  {stages.map((s) => (
                    <option key={s}>{s}</option>
                  ))}
                </select>
              </Field>
            )}
            <Field label="Method">
              <select value={form.method} onChange={(e) => set({ method: e.target.value })}>
                {METHODS.map((m) => (
                  <option key={m}>{m}</option>
                ))}
              </select>
            </Field>
            <Field label="Path and query" className="grow">
              <input className="mono" value={form.path} spellCheck={false} onChange={(e) => set({ path: e.target.value })} />
            </Field>
          </div>
          <Field label="Body">
            <textarea className="mono" rows={6} spellCheck={false} value={form.body} disabled={form.method === 'GET' || form.method === 'HEAD'} onChange={(e) => set({ body: e.target.value })} />
          </Field>
          <Button kind="primary" type="submit" busy={run.isPending}>
            {run.isPending ? 'Waiting…' : 'Send'}
          </Button>
        </form>
      </Panel>
      <Panel title="Answer">{run.error ? <Failure error={run.error} /> : run.data ? <Answered answer={run.data} /> : <p className="muted">Send a request to see the answer.</p>}</Panel>
    </div>
  );
}

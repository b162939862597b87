import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { configure, deleteFunction, listEventSources, type FunctionAnswer, type LoggingConfig } from '../../api/lambda';
import { go, href } from '../../app/router';
import { Badge, Button, Facts, Failure, Field, Panel } from '../../ui/basics';
import { Confirm } from '../../ui/Dialog';
import { toast, toastError } from '../../ui/Toasts';

type Variables = [name: string, value: string][];

function VariableRows({ variables, onChange }: { variables: Variables; onChange: (next: Variables) => void }) {
  const set = (at: number, pair: [string, string]) => onChange(variables.map((v, i) => (i === at ? pair : v)));
  return (
    <fieldset className="variables">
      <legend>Environment</legend>
      {variables.map(([name, value], i) => (
        <div className="row" key={i}>
          <input className="mono grow" aria-label={`Name of variable ${i + 1}`} value={name} spellCheck={false} onChange={(e) => set(i, [e.target.value, value])} />
          <input className="mono grow" aria-label={`Value of ${name || `variable ${i + 1}`}`} value={value} spellCheck={false} onChange={(e) => set(i, [name, e.target.value])} />
          <Button kind="quiet" className="icon" aria-label={`Remove ${name || `variable ${i + 1}`}`} onClick={() => onChange(variables.filter((_, at) => at !== i))}>
            <Trash2 size={16} aria-hidden />
          </Button>
        </div>
      ))}
      <Button kind="quiet" onClick={() => onChange([...variables, ['', '']])}>
        <Plus size={16} aria-hidden /> Add a variable
      </Button>
    </fieldset>
  );
}

function Form({ found }: { found: FunctionAnswer }) {
  const f = found.Configuration;
  const queries = useQueryClient();
  const [form, setForm] = useState({ Description: f.Description, Handler: f.Handler ?? '', MemorySize: String(f.MemorySize), Timeout: String(f.Timeout) });
  const [variables, setVariables] = useState<Variables>(Object.entries(f.Environment?.Variables ?? {}));
  const save = useMutation({
    mutationFn: () =>
      configure(f.FunctionName, {
        Description: form.Description,
        ...(f.PackageType === 'Zip' && { Handler: form.Handler }),
        MemorySize: Number(form.MemorySize),
        Timeout: Number(form.Timeout),
        Environment: { Variables: Object.fromEntries(variables.filter(([name]) => name)) },
      }),
    onSuccess: () => {
      toast('The settings are saved; the next invocations have them.');
      void queries.invalidateQueries({ queryKey: ['function', f.FunctionName] });
    },
  });
  const input = (name: keyof typeof form, type = 'text') => (
    <input type={type} value={form[name]} required={type === 'number'} onChange={(e) => setForm({ ...form, [name]: e.target.value })} />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label="Description">{input('Description')}</Field>
      {f.PackageType === 'Zip' && <Field label="Handler">{input('Handler')}</Field>}
      <div className="row">
        <Field label="Memory, MB" className="grow">
          {input('MemorySize', 'number')}
        </Field>
        <Field label="Timeout, seconds" className="grow">
          {input('Timeout', 'number')}
        </Field>
      </div>
      <VariableRows variables={variables} onChange={setVariables} />
      {save.error && <Failure error={save.error} />}
      <Button kind="primary" type="submit" busy={save.isPending}>
        Save
      </Button>
    </form>
  );
}

function formatOf(logging: LoggingConfig): string {
  if (logging.LogFormat === 'Text') return 'Text';
  return `JSON, of the code from ${logging.ApplicationLogLevel}, of the platform from ${logging.SystemLogLevel}`;
}

export function SettingsTab({ found }: { found: FunctionAnswer }) {
  const f = found.Configuration;
  const [asks, setAsks] = useState(false);
  const sources = useQuery({ queryKey: ['sources', f.FunctionName], queryFn: () => listEventSources(f.FunctionName) });
  const remove = useMutation({
    mutationFn: () => deleteFunction(f.FunctionName),
    onSuccess: () => {
      toast(`${f.FunctionName} is deleted.`);
      go(href('functions'));
    },
    onError: toastError,
  });
  return (
    <div className="two even">
      <Panel title="Settings">
        <Form key={f.RevisionId} found={found} />
      </Panel>
      <div>
        <Panel title="Facts">
          <Facts
            rows={[
              ['ARN', <code key="arn">{f.FunctionArn}</code>],
              ['Role', <code key="role">{f.Role}</code>],
              ['Package', f.PackageType],
              ['Architecture', f.Architectures?.join(', ')],
              ['Space in /tmp', f.EphemeralStorage && `${f.EphemeralStorage.Size} MB`],
              ['Log', f.LoggingConfig && <a key="log" href={href('logs', [f.LoggingConfig.LogGroup])}>{f.LoggingConfig.LogGroup}</a>],
              ['Log format', f.LoggingConfig && formatOf(f.LoggingConfig)],
              ['Layers', f.Layers?.map((l) => l.Arn).join(', ')],
              ['Reserved concurrency', found.Concurrency?.ReservedConcurrentExecutions],
              [
                'Follows',
                sources.data?.length
                  ? sources.data.map((s) => (
                      <div key={s.UUID}>
                        <code>{s.EventSourceArn}</code> <Badge tone={s.State === 'Enabled' ? 'ok' : 'plain'}>{s.State}</Badge>
                      </div>
                    ))
                  : undefined,
              ],
            ]}
          />
          {Object.entries(found.Tags ?? {}).length > 0 && (
            <div className="badges">
              {Object.entries(found.Tags ?? {}).map(([k, v]) => (
                <Badge key={k}>
                  {k} = {v}
                </Badge>
              ))}
            </div>
          )}
        </Panel>
        <Panel title="Delete">
          <p className="muted">With all its versions and aliases. What it did stays in the bill.</p>
          <Button kind="danger" onClick={() => setAsks(true)}>
            Delete the function
          </Button>
        </Panel>
      </div>
      {asks && (
        <Confirm title={`Delete ${f.FunctionName}?`} action="Delete" busy={remove.isPending} onYes={() => remove.mutate()} onClose={() => setAsks(false)}>
          <p>Its versions and aliases go with it. This cannot be undone.</p>
        </Confirm>
      )}
    </div>
  );
}

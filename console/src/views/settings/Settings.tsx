import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { accounts, checkStore, makeAccount, status, type Account, type Check } from '../../api/admin';
import { session, signOut } from '../../api/session';
import { setTheme, useTheme, type Theme } from '../../app/theme';
import { Await, Badge, Button, Command, Facts, Failure, Field, PageHead, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { many } from '../../ui/format';

const COLUMNS: Column<Account>[] = [
  { key: 'id', title: 'Account', cell: (a) => <code>{a.id}</code>, width: '9rem' },
  { key: 'name', title: 'Name', cell: (a) => a.name, sort: (a) => a.name },
  { key: 'keys', title: 'Access keys', cell: (a) => <code>{a.access_key_ids.join(', ')}</code>, width: 'minmax(0, 2fr)', narrow: 'hide' },
];

function Accounts() {
  const queries = useQueryClient();
  const all = useQuery({ queryKey: ['accounts'], queryFn: accounts });
  const [name, setName] = useState('');
  const [asks, setAsks] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const make = useMutation({
    mutationFn: () => makeAccount(name.trim()),
    onSuccess: () => {
      setName('');
      void queries.invalidateQueries({ queryKey: ['accounts'] });
    },
  });
  return (
    <Panel title="Accounts">
      <Await query={all}>{(rows) => <DataTable label="Accounts" rows={rows} columns={COLUMNS} rowKey={(a) => a.id} height={300} />}</Await>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          setAsks(!name.trim());
          if (name.trim()) make.mutate();
          else field.current!.focus();
        }}
      >
        <Field label="Name of a new account" className="grow">
          <input
            ref={field}
            value={name}
            aria-invalid={asks || undefined}
            onChange={(e) => {
              setName(e.target.value);
              setAsks(false);
            }}
          />
        </Field>
        <Button type="submit" className="bottom" busy={make.isPending}>
          Make it
        </Button>
      </form>
      {asks && (
        <p className="problem" role="alert">
          An account needs a name.
        </p>
      )}
      {make.error && <Failure error={make.error} />}
      {make.data && (
        <div className="stack" role="status">
          <p>
            Account {make.data.id} is made. Its secret is shown <strong>only now</strong>:
          </p>
          <Command text={`export AWS_ACCESS_KEY_ID=${make.data.access_key_id}\nexport AWS_SECRET_ACCESS_KEY=${make.data.secret_access_key}`} />
        </div>
      )}
    </Panel>
  );
}

function Checked({ found }: { found: Check }) {
  return found.problems.length ? (
    <>
      <Badge tone="bad">{many(found.problems.length, 'problem')}</Badge>
      <ul className="plain">
        {found.problems.slice(0, 100).map((p, i) => (
          <li key={i}>
            {p.kind}: {p.what} {p.why}
          </li>
        ))}
      </ul>
    </>
  ) : (
    <Badge tone="ok">Everything is as it was written</Badge>
  );
}

function Store() {
  const check = useMutation({ mutationFn: checkStore });
  return (
    <Panel title="Store">
      <p className="muted">Reads every object and compares it with its checksums, as gust fsck does.</p>
      <div className="row">
        <Button busy={check.isPending} onClick={() => check.mutate()}>
          {check.isPending ? 'Reading…' : 'Check the store'}
        </Button>
        {check.data && <Checked found={check.data} />}
      </div>
      {check.error && <Failure error={check.error} />}
      <p className="muted">A backup while everything runs:</p>
      <Command text="gust backup ./backup" />
    </Panel>
  );
}

export default function Settings() {
  const theme = useTheme();
  const me = session();
  const state = useQuery({ queryKey: ['status'], queryFn: status });
  const box = state.data?.sandboxes;
  return (
    <>
      <PageHead title="Settings and keys" />
      <div className="two even">
        <div>
          <Panel title="You">
            <Facts
              rows={[
                ['Account', <code key="a">{me.account}</code>],
                ['Signed in with', <code key="k">{me.access_key_id}</code>],
                ['Until', new Date(me.expires_at).toLocaleString()],
              ]}
            />
            <div className="row">
              <Field label="Theme">
                <select value={theme} onChange={(e) => setTheme(e.target.value as Theme)}>
                  <option value="system">as the system</option>
                  <option value="light">light</option>
                  <option value="dark">dark</option>
                </select>
              </Field>
              <Button className="bottom" onClick={() => void signOut()}>
                Sign out
              </Button>
            </div>
          </Panel>
          <Panel title="For SDKs and the aws command">
            <Command text={`export AWS_ENDPOINT_URL=${me.endpoint}\nexport AWS_REGION=${me.region}\nexport AWS_ACCESS_KEY_ID=${me.access_key_id}`} />
            <p className="muted">The secret is never shown again; the root account's is in the data folder's file credentials.</p>
          </Panel>
          <Panel title="Isolation">
            <Facts
              rows={[
                ['Gust', state.data?.version],
                ['Privilege', box?.privilege],
                ['Memory limits', box?.memory_limit],
                ['Process limits', box?.process_limit],
                ['CPU limits', box?.cpu_limit],
                ['Notes', box?.notes.join(' ')],
              ]}
            />
          </Panel>
        </div>
        {me.root && (
          <div>
            <Accounts />
            <Store />
          </div>
        )}
      </div>
    </>
  );
}

import { useState, type FormEvent } from 'react';
import { signIn } from '../api/session';
import { Button, Command, Failure, Field } from '../ui/basics';
import { Logo } from './Logo';

export function SignIn({ why }: { why?: string }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (name: string) => String(form.get(name) ?? '').trim();
    setBusy(true);
    setError(undefined);
    try {
      await signIn({ access_key_id: given('id'), secret_access_key: given('secret') });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form className="panel" onSubmit={submit}>
        <h1>
          <Logo /> Gust
        </h1>
        {why && !error && (
          <p className="notice" role="status">
            {why}
          </p>
        )}
        <Field label="Access key id">
          <input name="id" autoComplete="username" spellCheck={false} autoCapitalize="off" required autoFocus />
        </Field>
        <Field label="Secret access key">
          <input name="secret" type="password" autoComplete="current-password" required />
        </Field>
        {error !== undefined && <Failure error={error} />}
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <div className="sign-in-hint">
        <p className="muted">On the machine that Gust runs on, this opens the console without typing keys:</p>
        <Command text="gust console" />
        <p className="muted">
          The root account's keys are in the file <code>credentials</code> of the data folder: the one that gust up was given with --data or GUST_DATA, else
          $XDG_DATA_HOME/gust or ~/.local/share/gust. With the same --data or GUST_DATA:
        </p>
        <Command text={'cat "${GUST_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/gust}/credentials"'} />
      </div>
    </main>
  );
}

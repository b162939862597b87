// The small parts that every view is made of.
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { ApiError } from '../api/http';
import { clockTime } from './format';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { 'data-first'?: boolean; kind?: 'plain' | 'primary' | 'danger' | 'quiet'; busy?: boolean };
export function Button({ kind = 'plain', busy, className = '', children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${kind} ${className}`} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {children}
    </button>
  );
}

export function PageHead({ title, lead, children }: { title: ReactNode; lead?: ReactNode; children?: ReactNode }) {
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {lead && <p className="muted">{lead}</p>}
      </div>
      {children && <div className="actions">{children}</div>}
    </header>
  );
}

export function Crumbs({ items }: { items: [label: string, href?: string][] }) {
  return (
    <nav aria-label="Breadcrumb" className="crumbs">
      <ol>
        {items.map(([label, to], i) => (
          <li key={i}>{to ? <a href={to}>{label}</a> : <span aria-current="page">{label}</span>}</li>
        ))}
      </ol>
    </nav>
  );
}

export function Panel({ title, children, actions, className = '' }: { title?: string; children: ReactNode; actions?: ReactNode; className?: string }) {
  return (
    <section className={`panel ${className}`}>
      {title && (
        <div className="panel-head">
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

export type Tone = 'ok' | 'warn' | 'bad' | 'plain' | 'accent';
export const Badge = ({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) => <span className={`badge ${tone}`}>{children}</span>;

/** What is not there yet, and the command that makes it. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p className="muted">{children}</p>}
      {command && <Command text={command} />}
    </div>
  );
}

export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} />
    </div>
  );
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <Button kind="quiet" className="icon" onClick={copy} aria-label={done ? 'Copied' : label} title={label}>
      {done ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
    </Button>
  );
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div className="notice bad" role="alert">
      <div>
        {known?.code && <strong>{known.code}: </strong>}
        {error instanceof Error ? error.message : String(error)}
      </div>
      {again && <Button onClick={again}>Try again</Button>}
    </div>
  );
}

/** The time of a row of a list; on a phone to the second. */
export function Clock({ ms }: { ms: number }) {
  const time = clockTime(ms);
  return (
    <time title={new Date(ms).toISOString()}>
      {time.slice(0, 8)}
      <span className="wide-only">{time.slice(8)}</span>
    </time>
  );
}

export const Loading = ({ what = 'Loading' }: { what?: string }) => (
  <p className="loading muted" role="status">
    {what}…
  </p>
);

/** Of a query: what is there, or that it is coming, or why not. */
export function Await<T>({ query, children }: { query: { data?: T; error: unknown; refetch: () => unknown }; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error instanceof ApiError && query.error.status === 0) return <Button onClick={() => void query.refetch()}>Try again</Button>; // the page's head says why
  if (query.error) return <Failure error={query.error} again={() => void query.refetch()} />;
  return <Loading />;
}

export function Field({ label, hint, children, className = '' }: { label: string; hint?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <label className={`field ${className}`}>
      <span>{label}</span>
      {children}
      {hint && <small className="muted">{hint}</small>}
    </label>
  );
}

export function Facts({ rows }: { rows: [label: string, value: ReactNode][] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

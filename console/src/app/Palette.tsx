// The command palette: views, functions, buckets, tables and a few actions, found by parts of their names.
import { useQueries } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { signOut } from '../api/session';
import { Dialog } from '../ui/Dialog';
import { sources, views } from '../views/table';
import { match } from './match';
import { go, href } from './router';
import { setTheme } from './theme';

interface Entry {
  title: string;
  kind: string;
  run: () => void;
}
const MOST = 60;

const ACTIONS: Entry[] = [
  ...views.map((v) => ({ title: v.title, kind: 'View', run: () => go(href(v.id)) })),
  { title: 'Light theme', kind: 'Action', run: () => setTheme('light') },
  { title: 'Dark theme', kind: 'Action', run: () => setTheme('dark') },
  { title: 'Theme as the system', kind: 'Action', run: () => setTheme('system') },
  { title: 'Sign out', kind: 'Action', run: () => void signOut() },
];

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const named = useQueries({ queries: sources.map((s) => ({ queryKey: s.queryKey, queryFn: s.names, staleTime: 10_000 })) });
  const entries = useMemo(() => {
    const found = named.flatMap((query, i) =>
      ((query.data as string[] | undefined) ?? []).map((name): Entry => ({ title: name, kind: sources[i].kind, run: () => go(href(sources[i].view, [name])) })),
    );
    return match(text, [...ACTIONS, ...found], (e) => e.title).slice(0, MOST);
  }, [text, named]);
  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((now) => (now + step + entries.length) % Math.max(entries.length, 1));
    } else if (event.key === 'Enter') run(entries[at]);
  };
  return (
    <Dialog title="Search or go to" className="palette" onClose={onClose}>
      <input
        data-first
        role="combobox"
        aria-label="Search or go to"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={entries.length ? `${id}-${at}` : undefined}
        placeholder="A view, a function, a bucket, a table…"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <ul id={id} role="listbox" aria-label="Found" ref={list}>
        {entries.map((entry, i) => (
          <li key={`${entry.kind} ${entry.title}`} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => run(entry)}>
            <span>{entry.title}</span>
            <small className="muted">{entry.kind}</small>
          </li>
        ))}
      </ul>
      {!entries.length && (
        <p className="muted" role="status">
          Nothing has that name.
        </p>
      )}
    </Dialog>
  );
}

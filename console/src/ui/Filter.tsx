// The filter of a list by name. It is in the address, too: the way back from what was opened finds the list as it was.
import { useEffect, useState } from 'react';
import { href, replace, useRoute } from '../app/router';

export interface ListFilter {
  text: string;
  set: (text: string) => void;
  /** Whether one of the names has the text, whatever its case. */
  has: (...names: string[]) => boolean;
}

export function useFilter(): ListFilter {
  const { view, rest, query } = useRoute();
  const given = query.get('q') ?? '';
  const [text, setText] = useState(given); // addresses change later than fields, which would lose their cursor
  useEffect(() => setText(given), [given]);
  const wanted = text.trim().toLowerCase();
  return {
    text,
    set: (next) => {
      setText(next);
      replace(href(view, rest, { ...Object.fromEntries(query), q: next }));
    },
    has: (...names) => names.some((name) => name.toLowerCase().includes(wanted)),
  };
}

export function Filter({ of, label = 'Filter by name', short = label }: { of: ListFilter; label?: string; short?: string }) {
  return <input type="search" aria-label={label} placeholder={short} value={of.text} onChange={(event) => of.set(event.target.value)} />;
}

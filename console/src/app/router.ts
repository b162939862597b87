// The address behind '#': a view, what it shows, and its settings: #/functions/thumb?tab=logs.
import { useSyncExternalStore } from 'react';

export interface Route {
  view: string;
  rest: string[];
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...rest] = path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { view, rest, query: new URLSearchParams(query) };
}

export function href(view: string, rest: string[] = [], query: Record<string, string | undefined> = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  const tail = set.length ? `?${new URLSearchParams(set)}` : '';
  return `#/${[view, ...rest].map(encodeURIComponent).join('/')}${tail}`;
}

export const go = (to: string) => {
  location.hash = to;
};
/** Without a step for the browser's way back. */
export const replace = (to: string) => location.replace(to);

const subscribe = (tell: () => void) => {
  addEventListener('hashchange', tell);
  return () => removeEventListener('hashchange', tell);
};
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

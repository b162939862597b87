// Who is signed in. One store for the page; components follow it by useSession().
import { useSyncExternalStore } from 'react';
import { ApiError, call, json, post, useToken, whenSignedOut } from './http';

export interface Session {
  account: string;
  access_key_id: string;
  root: boolean;
  csrf: string;
  expires_at: string;
  endpoint: string;
  region: string;
  version: string;
}
type State = { at: 'unknown' } | { at: 'out'; why?: string } | { at: 'in'; session: Session };

let state: State = { at: 'unknown' };
const listeners = new Set<() => void>();

function become(next: State) {
  state = next;
  useToken(next.at === 'in' ? next.session.csrf : '');
  listeners.forEach((tell) => tell());
}
whenSignedOut(() => {
  if (state.at === 'in') become({ at: 'out', why: 'The session has ended. Sign in again to go on.' });
});

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useSession = () => useSyncExternalStore(subscribe, () => state);

/** Of a page that is signed in. */
export function session(): Session {
  if (state.at !== 'in') throw new Error('not signed in');
  return state.session;
}

export async function signIn(given: { access_key_id: string; secret_access_key: string } | { token: string }) {
  become({ at: 'in', session: await post<Session>('session', given) });
}

export async function signOut() {
  await call('session', { method: 'DELETE' }).catch(() => {});
  become({ at: 'out' });
}

/** At the page's start: the token of `gust console` in the address, or the cookie that is there. */
export async function resume() {
  const token = location.hash.match(/^#token=([0-9a-f]{64})$/)?.[1];
  try {
    if (token) {
      history.replaceState(null, '', location.pathname);
      await signIn({ token });
    } else {
      become({ at: 'in', session: await json<Session>('session') });
    }
  } catch (error) {
    const why = error instanceof ApiError && (token || error.status === 0) ? error.message : undefined;
    become({ at: 'out', why });
  }
}

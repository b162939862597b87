import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSession } from '../api/session';
import { Toasts } from '../ui/Toasts';
import { Shell } from './Shell';
import { SignIn } from './SignIn';

export function App() {
  const state = useSession();
  const queries = useQueryClient();
  useEffect(() => {
    if (state.at === 'out') queries.clear(); // nothing of one account is seen by the next
  }, [state.at, queries]);
  return (
    <>
      {state.at === 'in' && <Shell session={state.session} />}
      {state.at === 'out' && <SignIn why={state.why} />}
      <Toasts />
    </>
  );
}

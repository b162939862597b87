// Short words about what was done, at the edge of the page; read out by screen readers.
import { useSyncExternalStore } from 'react';

interface Toast {
  id: number;
  text: string;
  tone: 'ok' | 'bad';
}
let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(changed: Toast[]) {
  toasts = changed;
  listeners.forEach((tell) => tell());
}

export function toast(text: string, tone: Toast['tone'] = 'ok') {
  const id = next++;
  set([...toasts.slice(-3), { id, text, tone }]);
  setTimeout(() => set(toasts.filter((t) => t.id !== id)), tone === 'bad' ? 9000 : 4000);
}
export const toastError = (error: unknown) => toast(error instanceof Error ? error.message : String(error), 'bad');

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((t) => (
        <div key={t.id} className={`toast ${t.tone}`}>
          {t.text}
        </div>
      ))}
    </div>
  );
}

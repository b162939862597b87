// Light, dark, or as the system has it; kept in this browser.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'gust.theme';
const listeners = new Set<() => void>();
const dark = matchMedia('(prefers-color-scheme: dark)');
let theme = (localStorage.getItem(KEY) as Theme | null) ?? 'system';

function apply() {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  listeners.forEach((tell) => tell());
}
dark.addEventListener('change', apply);
apply();

export function setTheme(next: Theme) {
  theme = next;
  localStorage.setItem(KEY, next);
  apply();
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
const shown = () => (theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme);
export const useTheme = () => useSyncExternalStore(subscribe, () => theme);
/** What is seen, for what is drawn rather than styled. */
export const useShownTheme = () => useSyncExternalStore(subscribe, shown);

/** A colour of the style sheet as the page has it now. */
export function colour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

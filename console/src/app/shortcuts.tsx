// Keys that work everywhere but in a field: / and Ctrl-K for the palette, g and a letter for a view, ? for the list.
import { useEffect } from 'react';
import { Dialog } from '../ui/Dialog';
import { views } from '../views/table';
import { go, href } from './router';

const typing = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function useShortcuts(open: (what: 'palette' | 'help') => void) {
  useEffect(() => {
    let afterG = 0;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('palette');
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return;
      const view = views.find((v) => v.key === event.key);
      if (view && event.timeStamp - afterG < 1500) go(href(view.id));
      else if (event.key === '/') {
        event.preventDefault();
        open('palette');
      } else if (event.key === '?') open('help');
      afterG = event.key === 'g' ? event.timeStamp : -Infinity;
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
}

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const keys: [string[], string][] = [
    [['/'], 'Search, or go to'],
    [['Ctrl', 'K'], 'The same, also from a field'],
    ...views.map((v): [string[], string] => [['g', v.key], v.title]),
    [['↑', '↓'], 'Move in a list'],
    [['Enter'], 'Open what is chosen'],
    [['Esc'], 'Close'],
  ];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="shortcuts">
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

// What is around every view: navigation, the palette, the theme, the account.
import { Menu as MenuIcon, Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { UNREACHABLE, useReached } from '../api/http';
import { startPulse } from '../api/pulse';
import type { Session } from '../api/session';
import { Button, Loading, PageHead } from '../ui/basics';
import { views, type View } from '../views/table';
import { Boundary } from './Boundary';
import { Logo } from './Logo';
import { Palette } from './Palette';
import { href, useRoute } from './router';
import { ShortcutHelp, useShortcuts } from './shortcuts';

function Navigation({ current, onGo }: { current?: View; onGo?: () => void }) {
  const groups = [...new Set(views.map((v) => v.group))];
  return (
    <nav aria-label="Views" className="navigation">
      {groups.map((group) => (
        <ul key={group}>
          {views
            .filter((v) => v.group === group)
            .map((v) => (
              <li key={v.id}>
                <a href={href(v.id)} aria-current={v === current ? 'page' : undefined} onClick={onGo}>
                  <v.icon size={17} aria-hidden />
                  {v.title}
                </a>
              </li>
            ))}
        </ul>
      ))}
    </nav>
  );
}

const NoView = ({ name }: { name: string }) => (
  <>
    <PageHead title="There is no such view" lead={`Nothing in the console is called '${name}'.`} />
    <p>
      <a href={href('overview')}>To the overview</a>
    </p>
  </>
);

const Menus = lazy(() => import('./Menus'));

export function Shell({ session }: { session: Session }) {
  const { view: id, rest } = useRoute();
  const view = id ? views.find((v) => v.id === id) : views[0];
  const reached = useReached();
  const [drawer, setDrawer] = useState(false);
  const [open, setOpen] = useState<'palette' | 'help'>();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useShortcuts(setOpen);
  useEffect(() => (session.root ? startPulse() : undefined), [session]);
  useEffect(() => {
    requestAnimationFrame(() => performance.mark('gust-frame')); // bench/main/console.py reads it
  }, []);
  useEffect(() => {
    document.title = `${view?.title ?? 'No such view'} – Gust`;
    if (!first.current) main.current?.focus({ preventScroll: true }); // screen readers read on from there
    first.current = false;
    scrollTo(0, 0);
  }, [view]);

  return (
    <div className="shell" data-drawer={drawer || undefined}>
      <Button className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </Button>
      <header className="top">
        <Button kind="quiet" className="icon narrow-only" aria-label="Views" aria-expanded={drawer} onClick={() => setDrawer(!drawer)}>
          <MenuIcon size={20} aria-hidden />
        </Button>
        <a href={href('overview')} className="brand">
          <Logo /> Gust
        </a>
        <button type="button" className="search" onClick={() => setOpen('palette')}>
          <Search size={16} aria-hidden />
          <span>Search or go to</span>
          <kbd className="wide-only">/</kbd>
        </button>
        <Suspense fallback={<span className="top-end" />}>
          <Menus session={session} onHelp={() => setOpen('help')} />
        </Suspense>
      </header>
      <aside className="side">
        <Navigation current={view} onGo={() => setDrawer(false)} />
      </aside>
      {drawer && <div className="shade" onClick={() => setDrawer(false)} />}
      <main ref={main} tabIndex={-1} className="main">
        {!reached && (
          <p className="notice bad away" role="alert">
            {UNREACHABLE}. What is seen here is from before.
          </p>
        )}
        <Boundary key={[id, ...rest].join('/')}>
          <Suspense fallback={<Loading />}>
            {view ? <view.component /> : <NoView name={id} />}
          </Suspense>
        </Boundary>
      </main>
      {open === 'palette' && <Palette onClose={() => setOpen(undefined)} />}
      {open === 'help' && <ShortcutHelp onClose={() => setOpen(undefined)} />}
    </div>
  );
}

// What is around every view: navigation, the palette, the theme, the account.
import * as Menu from '@radix-ui/react-dropdown-menu';
import { CircleUser, Keyboard, LogOut, Menu as MenuIcon, Monitor, Moon, Search, Sun } from 'lucide-react';
import { Suspense, useEffect, useRef, useState } from 'react';
import { startPulse } from '../api/pulse';
import { signOut, type Session } from '../api/session';
import { Button, Loading } from '../ui/basics';
import { views, type View } from '../views/table';
import { Boundary } from './Boundary';
import { Logo } from './Logo';
import { Palette } from './Palette';
import { href, useRoute } from './router';
import { ShortcutHelp, useShortcuts } from './shortcuts';
import { setTheme, useShownTheme, useTheme, type Theme } from './theme';

function Navigation({ current, onGo }: { current: View; onGo?: () => void }) {
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

const THEMES: [Theme, string, typeof Sun][] = [
  ['system', 'As the system', Monitor],
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
];

function ThemeMenu() {
  const theme = useTheme();
  const shown = useShownTheme();
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="button quiet icon" aria-label="Theme" title="Theme">
        {shown === 'dark' ? <Moon size={18} aria-hidden /> : <Sun size={18} aria-hidden />}
      </Menu.Trigger>
      <Menu.Content className="menu" align="end" sideOffset={6}>
        <Menu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
          {THEMES.map(([value, title, Icon]) => (
            <Menu.RadioItem key={value} value={value} className="menu-item">
              <Icon size={16} aria-hidden />
              {title}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Content>
    </Menu.Root>
  );
}

function AccountMenu({ session, onHelp }: { session: Session; onHelp: () => void }) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="button quiet account" aria-label={`Account ${session.account}`}>
        <CircleUser size={18} aria-hidden />
        <span className="wide-only">{session.root ? 'root' : session.account}</span>
      </Menu.Trigger>
      <Menu.Content className="menu" align="end" sideOffset={6}>
        <Menu.Label className="menu-label">
          Account {session.account}
          <br />
          Gust {session.version}
        </Menu.Label>
        <Menu.Item className="menu-item" onSelect={onHelp}>
          <Keyboard size={16} aria-hidden />
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item className="menu-item" onSelect={() => void signOut()}>
          <LogOut size={16} aria-hidden />
          Sign out
        </Menu.Item>
      </Menu.Content>
    </Menu.Root>
  );
}

export function Shell({ session }: { session: Session }) {
  const { view: id } = useRoute();
  const view = views.find((v) => v.id === id) ?? views[0];
  const [drawer, setDrawer] = useState(false);
  const [open, setOpen] = useState<'palette' | 'help'>();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useShortcuts(setOpen);
  useEffect(() => (session.root ? startPulse() : undefined), [session]);
  useEffect(() => {
    document.title = `${view.title} – Gust`;
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
        <ThemeMenu />
        <AccountMenu session={session} onHelp={() => setOpen('help')} />
      </header>
      <aside className="side">
        <Navigation current={view} onGo={() => setDrawer(false)} />
      </aside>
      {drawer && <div className="shade" onClick={() => setDrawer(false)} />}
      <main ref={main} tabIndex={-1} className="main">
        <Boundary key={location.hash.split('?')[0]}>
          <Suspense fallback={<Loading />}>
            <view.component />
          </Suspense>
        </Boundary>
      </main>
      {open === 'palette' && <Palette onClose={() => setOpen(undefined)} />}
      {open === 'help' && <ShortcutHelp onClose={() => setOpen(undefined)} />}
    </div>
  );
}

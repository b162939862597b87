// The menus of the top bar. They come after the page: nobody opens one before it is seen.
import * as Menu from '@radix-ui/react-dropdown-menu';
import { CircleUser, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { signOut, type Session } from '../api/session';
import { setTheme, useShownTheme, useTheme, type Theme } from './theme';

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

export default function Menus(props: { session: Session; onHelp: () => void }) {
  return (
    <>
      <ThemeMenu />
      <AccountMenu {...props} />
    </>
  );
}

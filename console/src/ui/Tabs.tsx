// Tabs whose choice is in the address.
import * as Radix from '@radix-ui/react-tabs';
import type { ReactNode } from 'react';
import { href, replace, useRoute } from '../app/router';

export interface Tab {
  key: string;
  title: string;
  show: () => ReactNode;
}

export function Tabs({ tabs, label }: { tabs: Tab[]; label: string }) {
  const { view, rest, query } = useRoute();
  const chosen = tabs.some((t) => t.key === query.get('tab')) ? query.get('tab')! : tabs[0].key;
  return (
    <Radix.Root value={chosen} onValueChange={(tab) => replace(href(view, rest, { tab: tab === tabs[0].key ? undefined : tab }))}>
      <Radix.List className="tabs" aria-label={label}>
        {tabs.map((t) => (
          <Radix.Trigger key={t.key} value={t.key} className="tab">
            {t.title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((t) => (
        <Radix.Content key={t.key} value={t.key} className="tab-content">
          {t.key === chosen && t.show()}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

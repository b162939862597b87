import { useQuery } from '@tanstack/react-query';
import { getFunction } from '../../api/lambda';
import { href } from '../../app/router';
import { Await, Badge, Crumbs, PageHead } from '../../ui/basics';
import { Tabs } from '../../ui/Tabs';
import { bytes } from '../../ui/format';
import { CodeTab } from './CodeTab';
import { EventsTab } from './EventsTab';
import { InstancesTab } from './InstancesTab';
import { LogsTab } from './LogsTab';
import { SettingsTab } from './SettingsTab';
import { TestTab } from './TestTab';
import { VersionsTab } from './VersionsTab';

export function FunctionPage({ name }: { name: string }) {
  const query = useQuery({ queryKey: ['function', name], queryFn: () => getFunction(name), refetchInterval: 10_000 });
  return (
    <>
      <Crumbs items={[['Functions', href('functions')], [name]]} />
      <Await query={query}>
        {(found) => {
          const f = found.Configuration;
          return (
            <>
              <PageHead title={name} lead={f.Description || undefined}>
                <Badge>{f.Runtime ?? 'image'}</Badge>
                <Badge>{f.MemorySize} MB</Badge>
                <Badge>{f.Timeout} s at most</Badge>
                <Badge>{bytes(f.CodeSize)}</Badge>
                <a className="button quiet" href={href('traces', [], { function: name })}>
                  Traces
                </a>
                {f.State && f.State !== 'Active' && <Badge tone="warn">{f.State}</Badge>}
              </PageHead>
              <Tabs
                label={`Parts of ${name}`}
                tabs={[
                  { key: 'test', title: 'Test', show: () => <TestTab name={name} /> },
                  { key: 'code', title: 'Code', show: () => <CodeTab found={found} /> },
                  { key: 'events', title: 'Events', show: () => <EventsTab name={name} /> },
                  { key: 'logs', title: 'Logs', show: () => <LogsTab name={name} group={f.LoggingConfig?.LogGroup} /> },
                  { key: 'versions', title: 'Versions', show: () => <VersionsTab name={name} /> },
                  { key: 'instances', title: 'Instances', show: () => <InstancesTab name={name} /> },
                  { key: 'settings', title: 'Settings', show: () => <SettingsTab found={found} /> },
                ]}
              />
            </>
          );
        }}
      </Await>
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { LogLine } from '../../api/admin';
import { listTraces } from '../../api/traces';
import { href } from '../../app/router';
import { Facts } from '../../ui/basics';
import { Code } from '../../ui/Code';
import { Dialog } from '../../ui/Dialog';
import { pretty } from '../../ui/format';
import { functionOf } from './range';

const AROUND = 900_000; // milliseconds before a line in which its trace began, at most: as long as a function may run

/** The trace of a request: the newest that has it, and began before the line. */
function useTrace(line: LogLine) {
  return useQuery({
    queryKey: ['trace-of', line.request_id],
    queryFn: async () => {
      const page = await listTraces({ text: line.request_id, since: line.time_ms - AROUND });
      return page.traces.at(-1) ?? null;
    },
    enabled: !!line.request_id,
    retry: false, // a Gust may keep no traces
  });
}

export function EventDialog({ line, group, onClose }: { line: LogLine; group: string; onClose: () => void }) {
  const trace = useTrace(line).data;
  const name = functionOf(group, line.stream);
  const text = pretty(line.message);
  return (
    <Dialog title="Line of a log" className="wide" onClose={onClose}>
      <Facts
        rows={[
          ['Time', new Date(line.time_ms).toISOString()],
          ['Stream', <code key="stream">{line.stream}</code>],
          ['Function', name && <a key="function" href={href('functions', [name])}>{name}</a>],
          ['Request', line.request_id && <code key="request">{line.request_id}</code>],
          ['Trace', trace ? <a key="trace" href={href('traces', [trace.id])}>{trace.name}</a> : undefined],
        ]}
      />
      <Code label="Message" text={text} language={text === line.message ? undefined : 'json'} />
    </Dialog>
  );
}

// Lines as they come, of a function or of a log group: the last 20,000 stay in the page.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { followLogs, type LogLine } from '../api/admin';
import { Button, Empty, Failure } from './basics';
import { clockTime } from './format';
import { logText } from './logText';

const KEPT = 20_000;

type Of = 'function' | 'group';

/** The lines as they come; they arrive in bursts, so the page is told a few times a second. */
function useLines(name: string, of: Of) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const stop = new AbortController();
    let fresh: LogLine[] = [];
    let since = 0;
    const show = setInterval(() => {
      if (!fresh.length) return;
      const added = fresh;
      fresh = [];
      setLines((before) => [...before, ...added].slice(-KEPT));
    }, 150);
    const follow = async () => {
      while (!stop.signal.aborted) {
        try {
          await followLogs(name, of, since, (line) => {
            since = line.time_ms + 1;
            fresh.push(line);
          }, stop.signal);
          setError(undefined);
        } catch (caught) {
          if (stop.signal.aborted) return;
          setError(caught);
        }
        await new Promise((done) => setTimeout(done, 2000));
      }
    };
    void follow();
    return () => {
      stop.abort();
      clearInterval(show);
    };
  }, [name, of]);
  return { lines, error };
}

export function LiveLog({ name, of, command, children }: { name: string; of: Of; command: string; children?: ReactNode }) {
  const { lines, error } = useLines(name, of);
  const [text, setText] = useState('');
  const [follow, setFollow] = useState(true);
  const place = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => (text ? lines.filter((l) => `${l.message} ${l.request_id}`.toLowerCase().includes(text.toLowerCase())) : lines), [lines, text]);
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => place.current, estimateSize: () => 22, overscan: 30 });
  useEffect(() => {
    if (follow && shown.length) virtual.scrollToIndex(shown.length - 1);
  }, [follow, shown.length, virtual]);
  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = place.current!;
    setFollow(scrollHeight - scrollTop - clientHeight < 40);
  };
  return (
    <>
      <div className="row">
        <input type="search" className="grow" aria-label="Filter lines" placeholder="Filter lines, or a request id" value={text} onChange={(e) => setText(e.target.value)} />
        <Button aria-pressed={follow} onClick={() => setFollow(!follow)}>
          {follow ? 'Following' : 'Follow'}
        </Button>
        {children}
      </div>
      {error !== undefined && <Failure error={error} />}
      {!lines.length && error === undefined && <Empty title={of === 'function' ? 'It has printed nothing yet' : 'It has no lines yet'} command={command}>Lines come here as they are written.</Empty>}
      {lines.length > 0 && (
        <div className="log" ref={place} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={`Log of ${name}`}>
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map((item) => {
              const line = shown[item.index];
              const { text: words, level } = logText(line.message);
              return (
                <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="log-line" style={{ transform: `translateY(${item.start}px)` }}>
                  <time>{clockTime(line.time_ms)}</time>
                  <span className={level}>{words || ' '}</span>
                </div>
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

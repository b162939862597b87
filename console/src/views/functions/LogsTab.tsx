import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { followLogs, type LogLine } from '../../api/admin';
import { Button, Empty, Failure } from '../../ui/basics';
import { clockTime } from '../../ui/format';

const KEPT = 20_000;

/** The lines of a function as they come; they arrive in bursts, so the page is told a few times a second. */
function useLines(name: string) {
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
          await followLogs(name, since, (line) => {
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
  }, [name]);
  return { lines, error };
}

const levelOf = (text: string) => (/\b(ERROR|Error|Traceback|Task timed out|Exception)\b/.test(text) ? 'bad' : /\b(WARN|WARNING)\b/.test(text) ? 'warn' : /^(START|END|REPORT|INIT_START)\b/.test(text) ? 'muted' : '');

export function LogsTab({ name }: { name: string }) {
  const { lines, error } = useLines(name);
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
      </div>
      {error !== undefined && <Failure error={error} />}
      {!lines.length && error === undefined && <Empty title="It has printed nothing yet" command={`gust invoke ${name} --log`}>Lines come here as the function prints them.</Empty>}
      {lines.length > 0 && (
        <div className="log" ref={place} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={`Log of ${name}`}>
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map((item) => {
              const line = shown[item.index];
              return (
                <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="log-line" style={{ transform: `translateY(${item.start}px)` }}>
                  <time>{clockTime(line.time_ms)}</time>
                  <span className={levelOf(line.message)}>{line.message || ' '}</span>
                </div>
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

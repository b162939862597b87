// A table of any length: only the rows that are seen are in the page. Rows are of one height. Arrow keys move between
// rows, Enter opens one.
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react';

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  sort?: (row: T) => string | number;
  width?: string; // of a grid's column
  align?: 'end';
  narrow?: 'hide' | (string & {}); // on a phone: not there, or of this width
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  selected?: string;
  height?: number; // of the rows' window, in pixels; else as high as its rows, up to most of the screen
  minWidth?: number; // of the columns together; what does not fit is scrolled to
  onEnd?: () => void; // the last row is seen
  none?: string; // where there are no rows
  foot?: ReactNode;
}

const ROW = 41;

/** The columns' widths, the same in each row. On a phone none is so wide that others go off the screen. */
function templateOf<T>(columns: Column<T>[]) {
  const widths = columns.map((c) => c.width ?? 'minmax(0, 1fr)');
  const narrow = columns.flatMap((c, i) => (c.narrow === 'hide' ? [] : [c.narrow ?? widths[i].replace(/^minmax\([^,]*,/, 'minmax(0,')]));
  return { '--columns': widths.join(' '), '--narrow': narrow.join(' ') } as CSSProperties;
}
const classOf = <T,>(c: Column<T>) => `${c.align ?? ''} ${c.narrow === 'hide' ? 'hide' : ''}`;

export function DataTable<T>({ label, rows, columns, rowKey, onOpen, selected, height, minWidth, onEnd, none = 'Nothing matches the filter.', foot }: Props<T>) {
  const [order, setOrder] = useState<{ key: string; down: boolean }>();
  const scroller = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => {
    const by = columns.find((c) => c.key === order?.key)?.sort;
    if (!by || !order) return rows;
    const sign = order.down ? -1 : 1;
    return [...rows].sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
  }, [rows, columns, order]);
  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const end = items.at(-1)?.index;
  if (onEnd && end !== undefined && end >= sorted.length - 1) queueMicrotask(onEnd);
  const template = templateOf(columns);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>, index: number) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === 'Enter' && event.target === event.currentTarget) {
      event.preventDefault(); // else a dialog that opens has its first button pressed by the same key
      onOpen?.(sorted[index]);
    }
    if (step === undefined) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(sorted.length - 1, index + step));
    virtual.scrollToIndex(to);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };

  return (
    <div className={`table ${sorted.length > 8 ? 'long' : ''}`} role="table" aria-label={label} aria-rowcount={sorted.length + 1} data-narrow={columns.some((c) => c.narrow) || undefined}>
      <div role="rowgroup" className="table-head" style={{ minWidth }}>
        <div role="row" aria-rowindex={1} className="tr" style={template}>
          {columns.map((c) => (
            <div
              key={c.key}
              role="columnheader"
              className={`th ${classOf(c)}`}
              aria-sort={order?.key === c.key ? (order.down ? 'descending' : 'ascending') : undefined}
            >
              {c.sort ? (
                <button type="button" onClick={() => setOrder(order?.key === c.key ? (order.down ? undefined : { key: c.key, down: true }) : { key: c.key, down: false })}>
                  {c.title}
                  {order?.key === c.key && (order.down ? <ArrowDown size={13} aria-hidden /> : <ArrowUp size={13} aria-hidden />)}
                </button>
              ) : (
                c.title
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-rows" ref={scroller} tabIndex={onOpen ? undefined : 0} style={{ maxHeight: height, minWidth }}>
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const row = sorted[item.index];
            const key = rowKey(row);
            return (
              <div
                key={key}
                role="row"
                aria-rowindex={item.index + 2}
                aria-current={selected === key || undefined}
                data-index={item.index}
                className={`tr ${onOpen ? 'opens' : ''} ${selected === key ? 'selected' : ''} ${item.index === sorted.length - 1 ? 'last' : ''}`}
                tabIndex={onOpen ? (item.index === 0 || selected === key ? 0 : -1) : undefined}
                style={{ ...template, height: ROW, transform: `translateY(${item.start}px)` }}
                onClick={onOpen && ((event) => !(event.target as HTMLElement).closest('a, button, input') && onOpen(row))}
                onKeyDown={onOpen && ((event) => onKeyDown(event, item.index))}
              >
                {columns.map((c) => (
                  <div key={c.key} role="cell" className={`td ${classOf(c)}`}>
                    {c.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {!sorted.length && <div className="table-none muted">{none}</div>}
      {foot && <div className="table-foot muted">{foot}</div>}
    </div>
  );
}

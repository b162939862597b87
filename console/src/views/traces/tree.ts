// The spans of a trace as rows of a waterfall: each below its parent, in the order of their starts.
import type { Span, TraceLog } from '../../api/traces';

export interface Row {
  span: Span;
  depth: number;
  offset: number; // share of the whole
  width: number; // share of the whole
}

export function rowsOf(spans: Span[]): { rows: Row[]; start: number; total: number } {
  const ids = new Set(spans.map((s) => s.id));
  const children = new Map<string | null, Span[]>();
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    // A parent that was sampled away, or is another system's: the span is a root here.
    const parent = span.parent && span.parent !== span.id && ids.has(span.parent) ? span.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const start = Math.min(...spans.map((s) => s.start));
  const total = Math.max(...spans.map((s) => s.start + s.duration_us)) - start || 1;
  const rows: Row[] = [];
  const seen = new Set<string>();
  const add = (span: Span, depth: number) => {
    if (seen.has(span.id)) return;
    seen.add(span.id);
    rows.push({ span, depth, offset: (span.start - start) / total, width: span.duration_us / total });
    for (const child of children.get(span.id) ?? []) add(child, depth + 1);
  };
  for (const root of children.get(null) ?? []) add(root, 0);
  for (const span of spans) add(span, 0); // of a circle of parents
  return { rows, start, total };
}

/** The lines that were printed while a span ran, if it is a function's. */
export function logsOf(span: Span, logs: TraceLog[]): TraceLog[] {
  if (span.request_id && logs.some((l) => l.request_id === span.request_id)) return logs.filter((l) => l.request_id === span.request_id);
  const from = span.start / 1000 - 1;
  const to = (span.start + span.duration_us) / 1000 + 1;
  return logs.filter((l) => l.at >= from && l.at <= to);
}

/** The step that a person looks for: the deepest of the first that failed, or the one that took most by itself. */
export function suspect(rows: Row[]): Span | undefined {
  const failed = rows.filter((r) => r.span.status !== 'ok' && r.span.status !== '');
  if (failed.length) return failed.reduce((worst, r) => (r.depth > worst.depth ? r : worst)).span;
  const own = new Map(rows.map((r) => [r.span.id, r.span.duration_us]));
  for (const { span } of rows) if (span.parent && own.has(span.parent)) own.set(span.parent, own.get(span.parent)! - span.duration_us);
  return [...rows].sort((a, b) => own.get(b.span.id)! - own.get(a.span.id)!)[0]?.span;
}

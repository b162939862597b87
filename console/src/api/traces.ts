// Traces and the map that is drawn from them. A Gust without them answers 404: then the views say so.
import { useEffect, useState } from 'react';
import { json, urlOf } from './http';

export interface Summary {
  id: string;
  start: number; // microseconds since 1970
  duration_us: number;
  name: string;
  service: string;
  status: 'ok' | 'error' | 'fault' | 'throttle';
  spans: number;
  functions: string[];
  cold_starts: number;
}
export interface Span {
  id: string;
  parent: string | null;
  name: string;
  kind: string;
  service: string;
  resource: string;
  start: number; // microseconds since 1970
  duration_us: number;
  status: string;
  error?: string;
  attributes?: Record<string, unknown>;
  request_id?: string;
}
export interface TraceLog {
  at: number; // milliseconds since 1970
  function: string;
  request_id: string;
  text: string;
}
export interface Trace {
  id: string;
  spans: Span[];
  logs: TraceLog[];
}

export interface TraceSearch {
  since?: number; // milliseconds since 1970
  function?: string;
  service?: string;
  failed?: boolean;
  slow_ms?: number;
  text?: string;
}

export function searchQuery(search: TraceSearch, limit: number, next?: string): string {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(search)) if (value) query.set(name, value === true ? '1' : String(value));
  if (next) query.set('next', next);
  return query.toString();
}

export const listTraces = (search: TraceSearch, next?: string) => json<{ traces: Summary[]; next?: string }>(`admin/traces?${searchQuery(search, 200, next)}`);
export const getTrace = (id: string) => json<Trace>(`admin/traces/${encodeURIComponent(id)}`);

export interface MapNode {
  id: string;
  kind: string;
  name: string;
  count: number;
  errors: number;
  p50_us: number;
}
export interface MapEdge {
  from: string;
  to: string;
  count: number;
  errors: number;
  p50_us: number;
}
export interface ServiceMap {
  nodes: MapNode[];
  edges: MapEdge[];
}
export const getMap = (since: number, until: number) => json<ServiceMap>(`admin/map?since=${since}&until=${until}`);

/** How many traces came since the page looked: the daemon's own feed, while the view is open. */
export function useNewTraces(on: boolean, onTrace: (trace: Summary) => void) {
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    if (!on) return;
    const feed = new EventSource(urlOf('admin/traces/stream'));
    feed.onopen = () => setConnected(true);
    feed.onerror = () => setConnected(false);
    feed.addEventListener('trace', (event) => onTrace(JSON.parse((event as MessageEvent).data)));
    return () => feed.close();
  }, [on, onTrace]);
  return connected;
}

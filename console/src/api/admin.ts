// The administration: what runs, logs, failed events, usage, accounts.
import { call, json, lines, post } from './http';

export interface Instances {
  function: string;
  version: string;
  idle: number;
  busy: number;
  invocations: number;
  starting: number;
  provisioned: number;
}
export interface Status {
  version: string;
  endpoint: string;
  account: string;
  functions: number;
  instances: Instances[];
  events: { waiting: number; running: number; failed: number };
  sandboxes: { privilege: string; memory_limit: string; process_limit: string; cpu_limit: string; notes: string[] };
}
export const status = () => json<Status>('admin/status');

export interface LogLine {
  time_ms: number;
  stream: string;
  request_id: string;
  message: string;
}
/** Of a function, or of a log group. */
export function followLogs(name: string, of: 'function' | 'group', since: number, each: (line: LogLine) => void, signal: AbortSignal) {
  const path = `admin/logs/${encodeURIComponent(name)}?of=${of}&follow=1&limit=5000&since_ms=${since}`;
  return lines(path, (line) => each(JSON.parse(line)), signal);
}

/** The newest lines of a group that match, up to `limit`, the newest first. */
export async function searchLogs(group: string, filter: string, since: number, limit: number, signal: AbortSignal): Promise<LogLine[]> {
  const query = new URLSearchParams({ of: 'group', filter, since_ms: String(since), limit: String(limit) });
  const out: LogLine[] = [];
  await lines(`admin/logs/${encodeURIComponent(group)}?${query}`, (line) => out.push(JSON.parse(line)), signal);
  return out.reverse();
}

export interface FailedEvent {
  id: string;
  function: string;
  attempts: number;
  error: string;
  payload: string;
  enqueued_at: string;
  failed_at: string;
}
export const failedEvents = () => json<FailedEvent[]>('admin/failed');
export const retryFailed = (id: string) => call(`admin/failed/${encodeURIComponent(id)}/retry`, { method: 'POST' });
export const dropFailed = (id: string) => call(`admin/failed/${encodeURIComponent(id)}`, { method: 'DELETE' });

export interface Usage {
  day: string;
  function: string;
  tags: Record<string, string>;
  invocations: number;
  errors: number;
  billed_ms: number;
  mb_ms: number;
  tmp_mb_ms: number;
  duration_us: number;
  cpu_us: number;
  bytes_in: number;
  bytes_out: number;
}

/** What was used of the object store, the tables and the HTTP APIs. */
export interface Use {
  day: string;
  service: string; // s3, dynamodb, apigateway
  resource: string;
  tags: Record<string, string>;
  requests: number;
  puts: number;
  gets: number;
  api_requests: number;
  bytes_in: number;
  bytes_out: number;
  read_milliunits: number;
  write_milliunits: number;
  byte_hours: number;
}
/** All that a bill is made of. */
export interface Used {
  usage: Usage[]; // of functions
  uses: Use[];
}
export const used = (from: string, to: string) => json<Used>(`admin/usage?from=${from}&to=${to}`);

export interface Budget {
  amount: string;
  currency: string;
  per: 'month' | 'day';
  period: string;
  spent: string;
  passed: boolean;
  notify: string;
}
export const budget = async () => (await json<{ budget: Budget | null }>('admin/budget')).budget;

/** An event that a function got, as it is kept for sending it again. */
export interface KeptEvent {
  id: string;
  function: string;
  at: number; // milliseconds since 1970
  kind: 'request' | 'stream' | 'event' | 'batch';
  bytes: number;
  status: string; // running, ok, failed, refused, retrying, given_up, cut_off
  attempts?: number;
  duration_us?: number;
  version?: string;
  error?: string;
  trace_id?: string;
  replay_of?: string;
  payload?: string; // of one that is looked at
}
export async function keptEvents(name: string): Promise<KeptEvent[]> {
  return (await json<{ events: KeptEvent[] }>(`admin/events?function=${encodeURIComponent(name)}&limit=500`)).events;
}
export const keptEvent = (id: string) => json<KeptEvent>(`admin/events/${encodeURIComponent(id)}`);

export interface Replayed {
  id: string;
  version: string;
  status: 'ok' | 'failed';
  error?: string;
  billed_ms: number;
  payload: string;
  log: string;
}
export async function replay(id: string, version: string): Promise<Replayed> {
  const query = version ? `?version=${encodeURIComponent(version)}` : '';
  return (await call(`admin/replay/${encodeURIComponent(id)}${query}`, { method: 'POST' })).json();
}

export interface Account {
  id: string;
  name: string;
  canonical_id: string;
  access_key_ids: string[];
}
export const accounts = () => json<Account[]>('admin/accounts');
export const makeAccount = (name: string) =>
  post<{ id: string; access_key_id: string; secret_access_key: string }>('admin/accounts', { name });

export interface Check {
  problems: { kind: string; what: string; why: string }[];
  [count: string]: unknown;
}
export const checkStore = () => json<Check>('admin/fsck');

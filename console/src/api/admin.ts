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
  request_id: string;
  message: string;
}
export function followLogs(name: string, since: number, each: (line: LogLine) => void, signal: AbortSignal) {
  const path = `admin/logs/${encodeURIComponent(name)}?follow=1&limit=5000&since_ms=${since}`;
  return lines(path, (line) => each(JSON.parse(line)), signal);
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
export async function usage(from: string, to: string): Promise<Usage[]> {
  const answer = await json<{ usage: Usage[] }>(`admin/usage?from=${from}&to=${to}`);
  return answer.usage.filter((row) => row.function);
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

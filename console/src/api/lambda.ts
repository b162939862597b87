// Lambda's own API, as far as the console asks it.
import { call, json, post } from './http';

const FUNCTIONS = 'aws/lambda/2015-03-31/functions';

export interface LoggingConfig {
  LogFormat: 'Text' | 'JSON';
  LogGroup: string;
  ApplicationLogLevel?: string;
  SystemLogLevel?: string;
}

export interface FunctionConfiguration {
  FunctionName: string;
  FunctionArn: string;
  Runtime?: string;
  Role: string;
  Handler?: string;
  CodeSize: number;
  Description: string;
  Timeout: number;
  MemorySize: number;
  LastModified: string;
  Version: string;
  PackageType: 'Zip' | 'Image';
  Architectures?: string[];
  State?: string;
  LastUpdateStatus?: string;
  Environment?: { Variables: Record<string, string> };
  EphemeralStorage?: { Size: number };
  Layers?: { Arn: string }[];
  RevisionId?: string;
  LoggingConfig?: LoggingConfig;
}
export interface Alias {
  Name: string;
  FunctionVersion: string;
  Description: string;
}
export interface EventSource {
  UUID: string;
  EventSourceArn?: string;
  State?: string;
  BatchSize?: number;
}

async function all<T>(path: string, member: string): Promise<T[]> {
  const out: T[] = [];
  for (let marker = ''; ; ) {
    const mark = marker && `&Marker=${encodeURIComponent(marker)}`;
    const page = await json<Record<string, unknown>>(`${path}${path.includes('?') ? '&' : '?'}MaxItems=50${mark}`);
    out.push(...(page[member] as T[]));
    if (!page.NextMarker || out.length >= 10_000) return out;
    marker = page.NextMarker as string;
  }
}

const at = (name: string) => `${FUNCTIONS}/${encodeURIComponent(name)}`;

export const listFunctions = () => all<FunctionConfiguration>(`${FUNCTIONS}/`, 'Functions');
export const listVersions = (name: string) => all<FunctionConfiguration>(`${at(name)}/versions`, 'Versions');
export const listAliases = (name: string) => all<Alias>(`${at(name)}/aliases`, 'Aliases');
export const listEventSources = (name: string) =>
  all<EventSource>(`aws/lambda/2015-03-31/event-source-mappings/?FunctionName=${encodeURIComponent(name)}`, 'EventSourceMappings');
export const publishVersion = (name: string) => post<FunctionConfiguration>(`${at(name)}/versions`, {});
export const deleteFunction = (name: string) => call(at(name), { method: 'DELETE' });

export interface FunctionAnswer {
  Configuration: FunctionConfiguration;
  Code: { Location?: string; ImageUri?: string; RepositoryType: string };
  Tags?: Record<string, string>;
  Concurrency?: { ReservedConcurrentExecutions: number };
}
export const getFunction = (name: string, qualifier?: string) =>
  json<FunctionAnswer>(at(name) + (qualifier ? `?Qualifier=${encodeURIComponent(qualifier)}` : ''));

export const configure = (name: string, change: Record<string, unknown>) =>
  post<FunctionConfiguration>(`${at(name)}/configuration`, change, 'PUT');

/** The function's zip. The link names the daemon as its clients know it; this page may have come by another name. */
export async function getCode(location: string): Promise<Uint8Array> {
  const { pathname, search } = new URL(location);
  const response = await fetch(pathname + search);
  if (!response.ok) throw new Error(`the code could not be read: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export interface Invocation {
  status: number;
  error?: string; // Handled, Unhandled
  version: string;
  requestId: string;
  trace?: string;
  payload: string;
  log: string;
  took: number; // milliseconds, as the page saw it
}
export async function invoke(name: string, payload: string, how: 'wait' | 'queue', qualifier?: string): Promise<Invocation> {
  const began = performance.now();
  const query = qualifier ? `?Qualifier=${encodeURIComponent(qualifier)}` : '';
  const response = await call(`${at(name)}/invocations${query}`, {
    method: 'POST',
    body: payload,
    headers: { 'X-Amz-Invocation-Type': how === 'wait' ? 'RequestResponse' : 'Event', 'X-Amz-Log-Type': 'Tail' },
  });
  const body = await response.text();
  const tail = response.headers.get('x-amz-log-result') ?? '';
  const bytes = Uint8Array.from(atob(tail), (c) => c.charCodeAt(0));
  return {
    status: response.status,
    error: response.headers.get('x-amz-function-error') ?? undefined,
    version: response.headers.get('x-amz-executed-version') ?? '',
    requestId: response.headers.get('x-amzn-requestid') ?? '',
    trace: response.headers.get('x-amzn-trace-id')?.match(/Root=([^;]+)/)?.[1],
    payload: body,
    log: new TextDecoder().decode(bytes),
    took: performance.now() - began,
  };
}

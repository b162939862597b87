// One request to the daemon, through the console's session; failures are ApiErrors with what the service said.
import { useSyncExternalStore } from 'react';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the last request had an answer, whatever it said. */
let reached = true;
const watchers = new Set<() => void>();
function become(now: boolean) {
  if (reached === now) return;
  reached = now;
  watchers.forEach((tell) => tell());
}
const watch = (tell: () => void) => {
  watchers.add(tell);
  return () => watchers.delete(tell);
};
export const useReached = () => useSyncExternalStore(watch, () => reached);

export const UNREACHABLE = 'Gust does not answer. Is it running? Start it with: gust up';

const BASE = '/_gust/console/';
let csrf = '';
let onSignedOut: () => void = () => {};

export function useToken(token: string) {
  csrf = token;
}

export function whenSignedOut(callback: () => void) {
  onSignedOut = callback;
}

/** A path below the console's, as the page may load it by itself: pictures, downloads, event streams. */
export const urlOf = (path: string) => BASE + path;

export function headersOf(method: string, headers?: HeadersInit): Headers {
  const out = new Headers(headers);
  if (method !== 'GET' && method !== 'HEAD') out.set('X-Gust-Csrf', csrf);
  return out;
}

/** What an answer that is no success says: JSON of the administration or of a service, or S3's XML. */
export function errorOf(status: number, body: string, type = ''): ApiError {
  if (type.includes('xml') || body.startsWith('<')) {
    const part = (name: string) => body.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
    return new ApiError(status, part('Code') ?? 'Error', part('Message') ?? `the answer was ${status}`);
  }
  try {
    const value = JSON.parse(body);
    const code = String(value.__type ?? value.Code ?? value.code ?? '').replace(/^.*#/, '');
    return new ApiError(status, code, value.error ?? value.message ?? value.Message ?? `the answer was ${status}`);
  } catch {
    return new ApiError(status, '', body.slice(0, 300) || `the answer was ${status}`);
  }
}

export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const method = init.method ?? 'GET';
  let response: Response;
  try {
    response = await fetch(BASE + path, { ...init, headers: headersOf(method, init.headers) });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    become(false);
    throw new ApiError(0, 'unreachable', UNREACHABLE);
  }
  become(true);
  if (response.ok) return response;
  if (response.status === 401) onSignedOut();
  throw errorOf(response.status, await response.text(), response.headers.get('content-type') ?? '');
}

export const json = async <T>(path: string, init?: RequestInit): Promise<T> => (await call(path, init)).json();

export function post<T>(path: string, body: unknown, method = 'POST'): Promise<T> {
  return json(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
}

/** The lines of an answer as they come, until it ends or `signal` says so. */
export async function lines(path: string, each: (line: string) => void, signal: AbortSignal) {
  const response = await call(path, { signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop()!;
    parts.filter(Boolean).forEach(each);
  }
}

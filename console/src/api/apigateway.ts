// API Gateway's own API (version 2).
import { json } from './http';

export interface Api {
  apiId: string;
  name: string;
  apiEndpoint: string;
  description?: string;
  createdDate?: string;
  corsConfiguration?: { allowOrigins?: string[] };
}
export interface Route {
  routeId: string;
  routeKey: string; // "GET /photos/{id}", "$default"
  target?: string; // integrations/ID
}
export interface Integration {
  integrationId: string;
  integrationType: string;
  integrationUri?: string;
}
export interface Stage {
  stageName: string;
  autoDeploy?: boolean;
}

async function all<T>(path: string): Promise<T[]> {
  const out: T[] = [];
  for (let next = ''; ; ) {
    const page = await json<{ items: T[]; nextToken?: string }>(`aws/apigateway/v2/apis${path}?maxResults=100${next && `&nextToken=${encodeURIComponent(next)}`}`);
    out.push(...page.items);
    next = page.nextToken ?? '';
    if (!next) return out;
  }
}

export const listApis = () => all<Api>('');
export const getApi = (id: string) => json<Api>(`aws/apigateway/v2/apis/${encodeURIComponent(id)}`);
export const listRoutes = (id: string) => all<Route>(`/${encodeURIComponent(id)}/routes`);
export const listIntegrations = (id: string) => all<Integration>(`/${encodeURIComponent(id)}/integrations`);
export const listStages = (id: string) => all<Stage>(`/${encodeURIComponent(id)}/stages`);

export interface Answer {
  status: number;
  headers: [string, string][];
  body: string;
  took: number;
}

/** Calls a route as a client would: by the API's path on this host, without the session. */
export async function tryRoute(id: string, stage: string, method: string, path: string, body: string): Promise<Answer> {
  const began = performance.now();
  const prefix = stage === '$default' ? '' : `/${stage}`;
  const init: RequestInit = { method, credentials: 'omit', redirect: 'manual' };
  if (body && method !== 'GET' && method !== 'HEAD') Object.assign(init, { body, headers: { 'Content-Type': 'application/json' } });
  const response = await fetch(`/_gust/api/${id}${prefix}${path.startsWith('/') ? '' : '/'}${path}`, init);
  if (response.type === 'opaqueredirect') return { status: 302, headers: [], body: 'The route answers with a redirect, which this page cannot look into.', took: performance.now() - began };
  return { status: response.status, headers: [...response.headers], body: await response.text(), took: performance.now() - began };
}

// The pulse of Gust: its metrics looked at every two seconds while the page is seen, for the charts of Overview.
import { useSyncExternalStore } from 'react';
import { call } from './http';
import { between, buckets, parse, quantile, sum, type Buckets } from './prometheus';

export interface Beat {
  at: number; // seconds since 1970
  rate: number; // invocations a second
  errors: number; // a second
  throttles: number; // a second
  cold: number; // a second
  p50?: number; // milliseconds
  p99?: number;
}
interface Look {
  at: number;
  invocations: number;
  errors: number;
  throttles: number;
  cold: number;
  durations: Buckets;
}

const EVERY_MS = 2000;
const KEPT = 300; // ten minutes
const DURATION = 'gust_function_duration_seconds';
const COLD = ['launched', 'pooled', 'snapshot'];

let beats: Beat[] = [];
let last: Look | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function read(text: string, at: number): Look {
  const samples = parse(text);
  return {
    at,
    invocations: sum(samples, 'gust_function_invocations_total'),
    errors: sum(samples, 'gust_function_errors_total'),
    throttles: sum(samples, 'gust_function_throttles_total'),
    cold: COLD.reduce((n, way) => n + sum(samples, 'gust_function_starts_total', { way }), 0),
    durations: buckets(samples, DURATION),
  };
}

export function beatOf(before: Look, now: Look): Beat {
  const seconds = Math.max(now.at - before.at, 0.001);
  const rate = (name: 'invocations' | 'errors' | 'throttles' | 'cold') =>
    Math.max(0, now[name] < before[name] ? now[name] : now[name] - before[name]) / seconds;
  const added = between(before.durations, now.durations);
  const ms = (q: number) => {
    const value = quantile(added, q);
    return value === undefined ? undefined : value * 1000;
  };
  return {
    at: now.at,
    rate: rate('invocations'),
    errors: rate('errors'),
    throttles: rate('throttles'),
    cold: rate('cold'),
    p50: ms(0.5),
    p99: ms(0.99),
  };
}

async function look() {
  try {
    const now = read(await (await call('admin/metrics')).text(), Date.now() / 1000);
    if (last) beats = [...beats, beatOf(last, now)].slice(-KEPT);
    last = now;
    listeners.forEach((tell) => tell());
  } catch {
    last = undefined; // what is seen next begins anew
  }
}

function run() {
  timer = setTimeout(async () => {
    if (!document.hidden) await look();
    if (timer !== undefined) run();
  }, EVERY_MS);
}

/** From sign-in to sign-out, whatever view is open. */
export function startPulse() {
  void look();
  run();
  return () => {
    clearTimeout(timer);
    timer = last = undefined;
    beats = [];
  };
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const usePulse = () => useSyncExternalStore(subscribe, () => beats);

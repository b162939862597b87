// What each function has now (instances) and did today (the bill's records), as one row.
import type { Instances, Usage } from '../../api/admin';
import { cost } from '../../ui/format';

export interface Running {
  name: string;
  busy: number;
  idle: number;
  starting: number;
  invocations: number;
  errors: number;
  mean?: number; // milliseconds
  cost: number;
}

export function runningOf(instances: Instances[], used: Usage[]): Running[] {
  const rows = new Map<string, Running>();
  const row = (name: string) => {
    const made = rows.get(name) ?? { name, busy: 0, idle: 0, starting: 0, invocations: 0, errors: 0, cost: 0 };
    rows.set(name, made);
    return made;
  };
  for (const i of instances) {
    const r = row(i.function);
    r.busy += i.busy;
    r.idle += i.idle;
    r.starting += i.starting;
  }
  for (const u of used) {
    const r = row(u.function);
    const total = (r.mean ?? 0) * r.invocations + u.duration_us / 1000;
    r.invocations += u.invocations;
    r.errors += u.errors;
    r.cost += cost(u);
    r.mean = r.invocations ? total / r.invocations : undefined;
  }
  return [...rows.values()].sort((a, b) => b.invocations - a.invocations || a.name.localeCompare(b.name));
}

// Usage added up by a name of each row, or by several.
import type { Usage } from '../../api/admin';
import { cost } from '../../ui/format';

const SUMS = ['invocations', 'errors', 'billed_ms', 'mb_ms', 'tmp_mb_ms', 'cpu_us', 'bytes_in', 'bytes_out'] as const;
export type Group = { name: string; cost: number } & Record<(typeof SUMS)[number], number>;

export function grouped(rows: Usage[], names: (row: Usage) => string[]): Group[] {
  const out = new Map<string, Group>();
  for (const row of rows) {
    for (const name of names(row)) {
      const group = out.get(name) ?? ({ name, cost: 0, ...Object.fromEntries(SUMS.map((s) => [s, 0])) } as Group);
      for (const sum of SUMS) group[sum] += row[sum];
      group.cost = cost(group);
      out.set(name, group);
    }
  }
  return [...out.values()];
}

/** A cell that a spreadsheet could take for a formula begins with a quote. */
const cell = (value: string | number) => {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
};

export function csvOf(by: string, groups: Group[]): string {
  const head = [by, ...SUMS, 'cost_usd'].join(',');
  return [head, ...groups.map((g) => [g.name, ...SUMS.map((s) => g[s]), g.cost.toFixed(10)].map(cell).join(','))].join('\n') + '\n';
}

// Usage added up by a name of each row, or by several: of functions, and of what else was used.
import type { Usage, Use } from '../../api/admin';
import { cost, costOfUse } from '../../ui/format';

export type By = 'function' | 'day' | 'tag';
const SUMS = [
  'requests',
  'invocations',
  'errors',
  'billed_ms',
  'mb_ms',
  'tmp_mb_ms',
  'cpu_us',
  'puts',
  'gets',
  'api_requests',
  'read_milliunits',
  'write_milliunits',
  'byte_hours',
  'bytes_in',
  'bytes_out',
] as const;
export type Group = { name: string; cost: number } & Record<(typeof SUMS)[number], number>;

/** `requests` of a function are its invocations. */
export const costOf = (row: Usage | Use) => ('function' in row ? cost(row) : costOfUse(row));
export const totalOf = (rows: (Usage | Use)[]) => rows.reduce((sum, row) => sum + costOf(row), 0);

const tagsOf = (row: Usage | Use) => {
  const tags = Object.entries(row.tags).map(([k, v]) => `${k} = ${v}`);
  return tags.length ? tags : ['(none)'];
};
export function namesOf(by: By): (row: Usage | Use) => string[] {
  if (by === 'tag') return tagsOf;
  if (by === 'day') return (row) => [row.day];
  return (row) => ['function' in row ? row.function : `${row.service}:${row.resource || '-'}`];
}

export function grouped(rows: (Usage | Use)[], names: (row: Usage | Use) => string[]): Group[] {
  const out = new Map<string, Group>();
  for (const row of rows) {
    const used = row as unknown as Record<string, number | undefined>;
    for (const name of names(row)) {
      const group = out.get(name) ?? ({ name, cost: 0, ...Object.fromEntries(SUMS.map((s) => [s, 0])) } as Group);
      for (const sum of SUMS) group[sum] += used[sum] ?? 0;
      if ('function' in row) group.requests += row.invocations;
      group.cost += costOf(row);
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

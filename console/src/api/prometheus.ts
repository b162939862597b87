// The text of /_gust/metrics, as far as the console reads it: counters by name and labels, and histograms' quantiles.

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export function parse(text: string): Sample[] {
  const out: Sample[] = [];
  for (const line of text.split('\n')) {
    const found = line.match(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/);
    if (!found || line.startsWith('#')) continue;
    const labels: Record<string, string> = {};
    for (const [, key, value] of (found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[key] = value;
    const value = found[3] === '+Inf' ? Infinity : Number(found[3]);
    out.push({ name: found[1], labels, value });
  }
  return out;
}

/** The sum of every sample of that name whose labels are these. */
export function sum(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v))
    .reduce((total, s) => total + s.value, 0);
}

export type Buckets = [bound: number, count: number][];

/** A histogram's cumulative counts by upper bound, added up over its other labels. */
export function buckets(samples: Sample[], name: string): Buckets {
  const out = new Map<number, number>();
  for (const s of samples) {
    if (s.name !== `${name}_bucket`) continue;
    const bound = s.labels.le === '+Inf' ? Infinity : Number(s.labels.le);
    out.set(bound, (out.get(bound) ?? 0) + s.value);
  }
  return [...out].sort((a, b) => a[0] - b[0]);
}

/** What was added to a histogram between two looks; all of `later` when Gust was started again. */
export function between(earlier: Buckets, later: Buckets): Buckets {
  const restarted = later.some(([, count], i) => count < (earlier[i]?.[1] ?? 0));
  return restarted ? later : later.map(([bound, count], i) => [bound, count - (earlier[i]?.[1] ?? 0)]);
}

/** The value below which the share `q` lies, by straight lines within a bucket; nothing of an empty histogram. */
export function quantile(counts: Buckets, q: number): number | undefined {
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  let low = 0;
  let below = 0;
  for (const [bound, count] of counts) {
    if (count >= rank) {
      if (bound === Infinity) return low;
      return low + ((bound - low) * (rank - below)) / Math.max(count - below, 1e-9);
    }
    low = bound;
    below = count;
  }
  return low;
}

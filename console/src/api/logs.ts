// CloudWatch Logs' own API, as far as the console asks it.
import { json } from './http';

export interface LogGroup {
  logGroupName: string;
  creationTime: number;
  storedBytes: number;
  retentionInDays?: number;
}
export interface LogStream {
  logStreamName: string;
  creationTime: number;
  firstEventTimestamp?: number;
  lastEventTimestamp?: number;
  storedBytes?: number;
}

function logs<T>(operation: string, input: unknown, signal?: AbortSignal): Promise<T> {
  return json('aws/logs/', {
    method: 'POST',
    body: JSON.stringify(input),
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `Logs_20140328.${operation}` },
    signal,
  });
}

export async function listGroups(): Promise<LogGroup[]> {
  const out: LogGroup[] = [];
  for (let nextToken: string | undefined; ; ) {
    const page = await logs<{ logGroups: LogGroup[]; nextToken?: string }>('DescribeLogGroups', { limit: 50, nextToken });
    out.push(...page.logGroups);
    nextToken = page.nextToken;
    if (!nextToken || out.length >= 10_000) return out;
  }
}

export const groupNames = async () => (await listGroups()).map((g) => g.logGroupName);

/** The streams that were written to last, up to 50, and whether there are more. */
export async function lastStreams(group: string): Promise<{ streams: LogStream[]; more: boolean }> {
  const page = await logs<{ logStreams: LogStream[]; nextToken?: string }>('DescribeLogStreams', { logGroupName: group, orderBy: 'LastEventTime', descending: true, limit: 50 });
  return { streams: page.logStreams, more: !!page.nextToken };
}

export type QueryRow = Record<string, string>;
export interface QueryAnswer {
  columns: string[];
  rows: QueryRow[];
  matched: number;
  scanned: number;
}
interface Results {
  status: string;
  results: { field: string; value: string }[][];
  statistics: { recordsMatched: number; recordsScanned: number };
}

/** Runs an Insights query and waits for its end. Times are milliseconds. */
export async function runQuery(group: string, text: string, from: number, to: number, signal: AbortSignal): Promise<QueryAnswer> {
  const { queryId } = await logs<{ queryId: string }>('StartQuery', { logGroupName: group, queryString: text, startTime: from, endTime: to }, signal);
  for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
    const { status, results, statistics } = await logs<Results>('GetQueryResults', { queryId }, signal);
    if (status === 'Complete') {
      const rows = results.map((row): QueryRow => Object.fromEntries(row.map(({ field, value }) => [field, value])));
      const columns = [...new Set(results.flatMap((row) => row.map((f) => f.field)))].filter((name) => name !== '@ptr');
      return { columns, rows, matched: statistics.recordsMatched, scanned: statistics.recordsScanned };
    }
    if (status !== 'Running' && status !== 'Scheduled') throw new Error(`The query ended: ${status.toLowerCase()}.`);
    await new Promise((done) => setTimeout(done, wait));
    if (signal.aborted) {
      await logs('StopQuery', { queryId }).catch(() => {}); // it may have ended meanwhile
      throw new DOMException('', 'AbortError');
    }
  }
}

// Times and names of logs.

export const RANGES = [
  [15, '15 minutes'],
  [60, 'an hour'],
  [1440, 'a day'],
  [10_080, 'a week'],
  [0, 'all'],
] as const;

/** When a range begins, in milliseconds. */
export const sinceOf = (minutes: number, now = Date.now()) => (minutes ? now - minutes * 60_000 : 0);

export const keeps = (days?: number) => (days === undefined ? 'for ever' : days === 1 ? '1 day' : `${days} days`);

/** The function that wrote an event: of its own group, or, where functions share one, of the stream's name. */
export function functionOf(group: string, stream: string): string | undefined {
  return group.match(/^\/aws\/lambda\/([\w-]+)$/)?.[1] ?? stream.match(/^\d{4}\/\d\d\/\d\d\/([\w-]+)\[/)?.[1];
}

// Finds what has the letters of a text in their order; what begins with them comes first, then what has them together.

export function score(text: string, name: string): number {
  const wanted = text.toLowerCase().trim();
  const given = name.toLowerCase();
  if (!wanted) return 1;
  if (given.startsWith(wanted)) return 4;
  if (new RegExp(`[^a-z0-9]${wanted.replace(/[^a-z0-9]/g, '\\$&')}`).test(given)) return 3;
  if (given.includes(wanted)) return 2;
  let at = -1;
  for (const letter of wanted.replace(/\s/g, '')) {
    at = given.indexOf(letter, at + 1);
    if (at < 0) return 0;
  }
  return 1;
}

export function match<T>(text: string, entries: T[], name: (entry: T) => string): T[] {
  return entries
    .map((entry, order) => ({ entry, order, score: score(text, name(entry)) }))
    .filter((e) => e.score > 0)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map((e) => e.entry);
}

// Numbers, sizes and times as people read them.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(n: number): string {
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}

export const count = (n: number) => n.toLocaleString('en-US');
/** 1 item, 2 items. */
export const many = (n: number, one: string) => `${count(n)} ${one}${n === 1 ? '' : 's'}`;

export function perSecond(n: number): string {
  if (n === 0) return '0';
  return n >= 100 ? Math.round(n).toString() : n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 100) return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

export function ago(time: string | number | Date, now = Date.now()): string {
  const seconds = (now - new Date(time).getTime()) / 1000;
  if (Number.isNaN(seconds)) return '';
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(time).toISOString().slice(0, 10);
}

export const clockTime = (ms: number) => {
  const at = new Date(ms);
  const two = (n: number, width = 2) => String(n).padStart(width, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
};

/** JSON with its lines broken; anything else as it is. Numbers keep every digit that they came with. */
export function pretty(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = '';
  let depth = 0;
  let inText = false;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (inText) {
      out += c === '\\' ? c + text[(i += 1)] : c;
      inText = c !== '"';
    } else if (c === '"') {
      out += c;
      inText = true;
    } else if (c === '{' || c === '[') {
      const close = text.slice(i + 1).match(/^\s*([}\]])/);
      if (close) {
        out += c + close[1];
        i += close[0].length;
      } else {
        depth += 1;
        out += c + line();
      }
    } else if (c === '}' || c === ']') {
      depth -= 1;
      out += line() + c;
    } else if (c === ',') out += c + line();
    else if (c === ':') out += ': ';
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}

/** What usage costs by the public list's prices, x86, first tier; the command line has price lists of one's own. */
export function cost(used: { invocations: number; mb_ms: number; tmp_mb_ms: number }): number {
  const gbSeconds = 1_024_000;
  return (used.invocations * 0.2) / 1e6 + (used.mb_ms * 0.0000166667) / gbSeconds + (used.tmp_mb_ms * 0.0000000309) / gbSeconds;
}

const GB = 2 ** 30;
const HOURS_OF_MONTH = 730;

/** The same of what other services were used for. */
export function costOfUse(use: { service: string; puts: number; gets: number; api_requests: number; bytes_out: number; read_milliunits: number; write_milliunits: number; byte_hours: number }): number {
  const stored = (use.byte_hours / GB / HOURS_OF_MONTH) * (use.service === 'dynamodb' ? 0.25 : 0.023);
  const requests = (use.puts * 0.005 + use.gets * 0.0004) / 1000 + use.api_requests / 1e6;
  return stored + requests + (use.bytes_out / GB) * 0.09 + (use.read_milliunits * 0.125 + use.write_milliunits * 0.625) / 1e9;
}

/** Two digits that say something, however small. */
export function amount(n: number): string {
  return n.toFixed(n >= 0.01 || n === 0 ? 2 : Math.min(10, 1 - Math.floor(Math.log10(n))));
}
export const money = (usd: number) => `$${amount(usd)}`;

export const today = (now = new Date()) => now.toISOString().slice(0, 10);

// Lines of a log as people read them: JSON that runtimes and the platform write becomes a level and a message.
export type Level = 'bad' | 'warn' | 'muted' | '';

export interface LogText {
  text: string;
  level: Level;
}

type Members = Record<string, unknown>;
const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const SHOWN = new Set(['level', 'message', 'timestamp', 'requestId', 'logger', 'errorType', 'errorMessage', 'stackTrace', 'location']);

function ofEvent(event: Members): LogText {
  const record = (event.record ?? {}) as Members;
  const parts = [event.type, record.requestId, record.status, record.errorType].filter(Boolean).map(asText);
  const metrics = Object.entries((record.metrics ?? {}) as Members).map(([name, value]) => `${name} ${asText(value)}`);
  return { text: [parts.join(' '), ...metrics].join('  '), level: record.status && record.status !== 'success' ? 'bad' : 'muted' };
}

function ofRecord(record: Members): LogText {
  const level = String(record.level);
  const own = record.message as Members | undefined;
  const error = own && typeof own === 'object' && 'errorMessage' in own ? own : 'errorMessage' in record ? record : undefined;
  const parts = [level];
  if (own !== undefined && own !== error) parts.push(asText(own));
  if (error && !parts.join(' ').includes(String(error.errorMessage))) parts.push(`${error.errorType}: ${error.errorMessage}`);
  const rest = Object.entries(record).filter(([name]) => !SHOWN.has(name));
  const stack = error && Array.isArray(error.stackTrace) ? error.stackTrace.map((frame) => `\n  ${asText(frame).trimEnd()}`).join('') : '';
  return {
    text: parts.join(' ') + (rest.length ? `  ${JSON.stringify(Object.fromEntries(rest))}` : '') + stack,
    level: /ERROR|FATAL|CRITICAL/i.test(level) ? 'bad' : /WARN/i.test(level) ? 'warn' : /DEBUG|TRACE/i.test(level) ? 'muted' : '',
  };
}

export function logText(message: string): LogText {
  if (message.startsWith('{')) {
    try {
      const parsed = JSON.parse(message) as Members;
      if (typeof parsed.type === 'string' && parsed.type.startsWith('platform.')) return ofEvent(parsed);
      if (typeof parsed.level === 'string' && typeof parsed.timestamp === 'string' && ('message' in parsed || 'errorMessage' in parsed)) return ofRecord(parsed);
    } catch {
      // It only looks like JSON.
    }
  }
  const level = /\b(ERROR|Error|Traceback|Task timed out|Exception)\b/.test(message)
    ? 'bad'
    : /\b(WARN|WARNING)\b/.test(message)
      ? 'warn'
      : /^(START|END|REPORT|INIT_START)\b/.test(message)
        ? 'muted'
        : '';
  return { text: message, level };
}

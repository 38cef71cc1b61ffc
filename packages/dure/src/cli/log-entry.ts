import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';
import { padTo } from './text-width.ts';

/** One line of a process's output. */
export interface LogEntry {
  /** The service that wrote it, or the process. */
  readonly service: string;
  /** Epoch milliseconds; undefined where the line does not tell. */
  readonly at: number | undefined;
  readonly traceId: string | undefined;
  readonly line: string;
  /** The line's fields where it is JSON. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

const postgresTime = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC /;
const shownElsewhere: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'service',
  'instance',
  'pid',
  'hostname',
  'v',
  'err',
  'traceId',
  'spanId',
]);
const levels: readonly (readonly [number, string, 'red' | 'yellow' | 'dim' | 'green'])[] = [
  [50, 'ERROR', 'red'],
  [40, 'WARN', 'yellow'],
  [30, 'INFO', 'green'],
  [0, 'DEBUG', 'dim'],
];

/** Reads a line in pino's format, or PostgreSQL's, or anybody's. */
export function readLogEntry(process: string, line: string): LogEntry {
  const fields = jsonIn(line);
  if (fields === undefined) {
    const [, day, time] = postgresTime.exec(line) ?? [];
    const at = day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
    return { service: process, at, traceId: undefined, line, fields: undefined };
  }
  const { service, time, traceId } = fields;
  return {
    service: typeof service === 'string' ? service : process,
    at: typeof time === 'number' ? time : undefined,
    traceId: typeof traceId === 'string' ? traceId : undefined,
    line,
    fields,
  };
}

/** An entry for a person: time, service, level, message, the other fields, the trace. */
export function formatLogEntry({ service, at, line, fields, traceId }: LogEntry, terminal: Terminal): string {
  const time = at === undefined ? ' '.repeat(12) : new Date(at).toISOString().slice(11, 23);
  const head = `${paint(terminal, 'dim', time)} ${paint(terminal, 'cyan', padTo(service, 10))}`;
  if (fields === undefined) return `${head}       ${line.replace(postgresTime, '')}`;
  const number = typeof fields.level === 'number' ? fields.level : 30;
  const [, level, colour] = levels.find(([from]) => number >= from) ?? [0, 'DEBUG', 'dim' as const];
  const { err } = fields;
  const error = typeof err === 'object' && err !== null && 'message' in err ? ` ${String(err.message)}` : '';
  const rest = Object.entries(fields)
    .filter(([name]) => !shownElsewhere.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const trace = traceId === undefined ? [] : [`trace=${traceId}`];
  const tail = paint(terminal, 'dim', [...rest, ...trace].join(' '));
  return `${head} ${paint(terminal, colour, padTo(level, 5))} ${String(fields.msg ?? '')}${error} ${tail}`.trimEnd();
}

function jsonIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

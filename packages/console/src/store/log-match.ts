import type { LogLine } from '../contract.ts';
import { levelNumbers } from './log-levels.ts';
import type { LogFilter } from './telemetry-store.port.ts';

/** Whether a line meets every criterion of a filter; limits and pages are not its concern. */
export function matchesLog(filter: Omit<LogFilter, 'limit' | 'before'>, line: LogLine): boolean {
  return (
    (filter.service ?? line.service) === line.service &&
    (filter.instance ?? line.instance) === line.instance &&
    (filter.traceId === undefined || filter.traceId === line.traceId) &&
    (filter.level === undefined || levelNumbers[line.level] >= levelNumbers[filter.level]) &&
    line.time >= (filter.since ?? 0) &&
    line.time <= (filter.until ?? Number.POSITIVE_INFINITY) &&
    (filter.text === undefined || textOf(line).toLowerCase().includes(filter.text.toLowerCase()))
  );
}

function textOf({ message, code, fields }: LogLine): string {
  return `${message} ${code ?? ''} ${JSON.stringify(fields)}`;
}

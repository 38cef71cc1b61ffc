import type { TraceContext } from '@dure/core';
import { codeOf, isRefusal } from '@dure/core';
import type { LineSink } from './line-sink.ts';
import type { LogLevel, Threshold } from './log-levels.ts';
import { levelNumbers } from './log-levels.ts';
import { isSecretKey, masked, maskText, plain, plainError } from './mask.ts';
import type { LogFields, Logger } from './telemetry.ts';

/** A log line as it is exported: plain data, secrets already masked. */
export interface LogRecord {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly code: string | undefined;
  readonly trace: TraceContext | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a logger needs. */
export interface LogSource {
  readonly service: string;
  readonly instance: string;
  readonly now: () => number;
  /** What it writes: it is asked for every line. */
  readonly threshold: Threshold;
  /** Of a part of the service, as it stands in each line. */
  readonly name?: string;
  readonly sink: LineSink;
  readonly onLine: (line: LogRecord) => void;
}

const reserved = new Set(['level', 'time', 'service', 'instance', 'msg', 'code', 'traceId', 'spanId', 'err']);

/** Writes lines with pino's keys: `level` (20 to 50), `time`, `msg`, `err`, then ours and the caller's fields. */
export function logger(source: LogSource): Logger {
  const { threshold, name } = source;
  const who = `"service":${JSON.stringify(source.service)},"instance":${JSON.stringify(source.instance)}`;
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (levelNumbers[level] < threshold.number) return;
    const record = logRecord(source.now(), level, message, name === undefined ? fields : { logger: name, ...fields });
    source.sink.write(formatLine(record, who));
    source.onLine(record);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** Makes the plain, masked form of a line. */
export function logRecord(time: number, level: LogLevel, message: string, given: LogFields = {}): LogRecord {
  const { error, trace, code: givenCode, ...rest } = given;
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    const safe = isSecretKey(key) ? masked : plain(value);
    if (safe !== undefined) fields[reserved.has(key) ? `${key}_` : key] = safe;
  }
  if (error !== undefined) fields.err = plainError(error);
  const code = typeof givenCode === 'string' ? givenCode : isRefusal(error) ? error.code : codeOf(error);
  return { time, level, message: maskText(message), code, trace, fields };
}

function formatLine({ time, level, message, code, trace, fields }: LogRecord, who: string): string {
  let line = `{"level":${levelNumbers[level]},"time":${Math.floor(time)},${who},"msg":${JSON.stringify(message)}`;
  if (code !== undefined) line += `,"code":${JSON.stringify(code)}`;
  if (trace !== undefined) line += `,"traceId":"${trace.traceId}","spanId":"${trace.spanId}"`;
  const rest = JSON.stringify(fields);
  return rest === '{}' ? `${line}}` : `${line},${rest.slice(1)}`;
}

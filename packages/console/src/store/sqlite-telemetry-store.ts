import type { DatabaseSync } from 'node:sqlite';
import { scheduler } from 'node:timers/promises';
import { messageOf } from '@dure/core';
import type { LogLine, TraceSummary } from '../contract.ts';
import { consoleErrors } from '../errors.ts';
import { levelNumbers } from './log-levels.ts';
import { defaultLimits } from './memory-telemetry-store.ts';
import type { SpanNames } from './span-names.ts';
import { spanNames } from './span-names.ts';
import { logFromRow, spanFromRow, spanToRow, traceFromRow, traceToRow } from './sqlite-rows.ts';
import { openDatabase } from './sqlite-schema.ts';
import type { Statements } from './sqlite-statements.ts';
import { statements } from './sqlite-statements.ts';
import type {
  LogFilter,
  NewLog,
  StoredSpan,
  StoreLimits,
  StoreStats,
  TelemetryStore,
  TraceFilter,
} from './telemetry-store.port.ts';
import type { TraceState } from './trace-summary.ts';
import { addToTrace, emptyTrace, summaryOf } from './trace-summary.ts';

/** How the store is set up. */
export interface SqliteStoreOptions {
  readonly file: string;
  readonly limits?: Partial<StoreLimits>;
  /** Told when a file that could not be used was set aside. */
  readonly onSetAside?: (why: string) => void;
}

/** Rows written or read between two turns of the event loop: about two milliseconds of work. */
const chunk = 256;
const scanned = 2_000;

/**
 * Keeps telemetry in one SQLite file (write-ahead log, batches in transactions). Long work is cut into pieces of a few
 * milliseconds, so that a process that stores and answers on one thread does both. CONSOLE_STORE_BROKEN.
 */
export function sqliteTelemetryStore(options: SqliteStoreOptions): TelemetryStore {
  const { db, setAside } = openDatabase(options.file);
  if (setAside !== undefined) options.onSetAside?.(setAside);
  return new SqliteStore(db, { ...defaultLimits, ...options.limits });
}

class SqliteStore implements TelemetryStore {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #limits: StoreLimits;
  readonly #names: SpanNames = spanNames();
  readonly #knownNames = new Set<string>();
  #spans: number;
  #logs: number;

  constructor(db: DatabaseSync, limits: StoreLimits) {
    this.#db = db;
    this.#limits = limits;
    this.#sql = statements(db);
    this.#spans = Number(this.#sql.countSpans.get()?.count ?? 0);
    this.#logs = Number(this.#sql.countLogs.get()?.count ?? 0);
    for (const row of this.#sql.names.all()) {
      const [service, operation, remote] = [String(row.service), String(row.operation), String(row.remote_service)];
      this.#rememberName(service, operation, remote);
    }
  }

  async addSpans(spans: readonly StoredSpan[]): Promise<readonly StoredSpan[]> {
    const fresh: StoredSpan[] = [];
    for (let from = 0; from < spans.length; from += chunk) {
      if (from > 0) await scheduler.yield();
      fresh.push(...this.#transaction(() => this.#insertSpans(spans.slice(from, from + chunk))));
    }
    return fresh;
  }

  async addLogs(lines: readonly NewLog[]): Promise<readonly LogLine[]> {
    const numbered: LogLine[] = [];
    for (let from = 0; from < lines.length; from += chunk) {
      if (from > 0) await scheduler.yield();
      numbered.push(...this.#transaction(() => lines.slice(from, from + chunk).map((line) => this.#insertLog(line))));
    }
    return numbered;
  }

  async findTraces(filter: TraceFilter): Promise<{ traces: TraceSummary[]; more: boolean }> {
    const traces: TraceSummary[] = [];
    const sinceUs = (filter.since ?? 0) * 1_000;
    let cursor = { untilUs: (filter.until ?? Number.MAX_SAFE_INTEGER / 1_000) * 1_000, beforeId: '~' };
    for (;;) {
      const rows = this.#sql.tracesBefore.all({ ...cursor, sinceUs, count: scanned });
      for (const row of rows) {
        const trace = traceFromRow(row);
        if (!this.#matches(trace, filter)) continue;
        if (traces.length === filter.limit) return { traces, more: true };
        traces.push(summaryOf(trace));
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < scanned) return { traces, more: false };
      cursor = { untilUs: Number(last.start_us), beforeId: String(last.trace_id) };
      await scheduler.yield();
    }
  }

  async trace(traceId: string): Promise<readonly StoredSpan[]> {
    return this.#sql.trace.all({ traceId }).map(spanFromRow);
  }

  async findLogs(filter: LogFilter): Promise<{ logs: LogLine[]; more: boolean }> {
    const logs: LogLine[] = [];
    const values = {
      service: filter.service ?? null,
      instance: filter.instance ?? null,
      level: filter.level === undefined ? 0 : levelNumbers[filter.level],
      text: filter.text?.toLowerCase() ?? null,
      since: filter.since ?? 0,
      until: filter.until ?? Number.MAX_SAFE_INTEGER,
    };
    let before = Math.min(filter.before ?? Number.MAX_SAFE_INTEGER, this.#lastLogId() + 1);
    if (filter.traceId !== undefined) {
      const rows = this.#sql.logsOfTrace.all({ ...values, before, traceId: filter.traceId, count: filter.limit + 1 });
      return { logs: rows.slice(0, filter.limit).map(logFromRow), more: rows.length > filter.limit };
    }
    const first = Number(this.#sql.firstLog.get()?.id ?? 0);
    while (before > first && logs.length <= filter.limit) {
      const from = Math.max(first, before - 5 * scanned);
      const rows = this.#sql.logsBetween.all({ ...values, before, from, count: filter.limit + 1 - logs.length });
      logs.push(...rows.map(logFromRow));
      before = from;
      if (before > first) await scheduler.yield();
    }
    return { logs: logs.slice(0, filter.limit), more: logs.length > filter.limit };
  }

  names() {
    return this.#names.read();
  }

  async *spansSince(epochMs: number): AsyncGenerator<readonly StoredSpan[]> {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = this.#sql.spansBefore.all({ before, count: scanned });
      const spans = rows.map(spanFromRow).filter((span) => span.startUs >= epochMs * 1_000);
      if (spans.length > 0) yield spans;
      const last = rows.at(-1);
      // Arrival is nearly by time: a whole batch that is too old means that there is nothing more.
      if (last === undefined || spans.length === 0) return;
      before = Number(last.id);
      await scheduler.yield();
    }
  }

  async trim(nowMs: number): Promise<number> {
    const before = this.#spans + this.#logs;
    const oldestMs = nowMs - this.#limits.ageMs;
    while (this.#removeTraces(oldestMs * 1_000)) await scheduler.yield();
    while (this.#removeLogs(oldestMs)) await scheduler.yield();
    this.#db.exec('pragma incremental_vacuum(500)');
    return before - this.#spans - this.#logs;
  }

  stats(): StoreStats {
    const times = [this.#sql.oldestTrace.get()?.at, this.#sql.oldestLog.get()?.at];
    const known = times.filter((at) => typeof at === 'number');
    return {
      spans: this.#spans,
      logs: this.#logs,
      bytes: this.#bytes(),
      oldestAt: known.length === 0 ? undefined : Math.min(...known),
    };
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #insertSpans(spans: readonly StoredSpan[]): StoredSpan[] {
    const touched = new Map<string, TraceState>();
    const fresh = spans.filter((span) => {
      const trace = touched.get(span.traceId) ?? this.#loadTrace(span.traceId);
      if (trace.spans >= this.#limits.spansPerTrace) return false;
      if (this.#sql.addSpan.run(...spanToRow(span)).changes === 0) return false;
      addToTrace(trace, span);
      touched.set(span.traceId, trace);
      this.#noteName(span.service, span.operation, span.remoteService ?? '');
      return true;
    });
    for (const trace of touched.values()) this.#sql.putTrace.run(...traceToRow(trace));
    this.#spans += fresh.length;
    return fresh;
  }

  #insertLog(line: NewLog): LogLine {
    const { lastInsertRowid } = this.#sql.addLog.run(
      line.time,
      levelNumbers[line.level],
      line.service,
      line.instance,
      line.message,
      line.code ?? null,
      line.traceId ?? null,
      line.spanId ?? null,
      JSON.stringify(line.fields),
    );
    this.#logs += 1;
    this.#noteName(line.service, '', '');
    return { ...line, id: Number(lastInsertRowid) };
  }

  #loadTrace(traceId: string): TraceState {
    const row = this.#sql.traceState.get({ traceId });
    return row === undefined ? emptyTrace(traceId) : traceFromRow(row);
  }

  #noteName(service: string, operation: string, remote: string): void {
    const key = `${service}\u0000${operation}\u0000${remote}`;
    if (this.#knownNames.has(key) || this.#knownNames.size >= 20_000) return;
    this.#sql.addName.run(service, operation, remote);
    this.#rememberName(service, operation, remote);
  }

  #rememberName(service: string, operation: string, remote: string): void {
    this.#knownNames.add(`${service}\u0000${operation}\u0000${remote}`);
    if (operation === '') this.#names.addService(service);
    else this.#names.add({ service, operation, remoteService: remote === '' ? undefined : remote });
  }

  #matches(trace: TraceState, filter: TraceFilter): boolean {
    const durationMs = (trace.endUs - trace.startUs) / 1_000;
    const { service, operation, failed } = filter;
    if (durationMs < (filter.minDurationMs ?? 0)) return false;
    if (durationMs > (filter.maxDurationMs ?? Number.POSITIVE_INFINITY)) return false;
    if (failed !== undefined && failed !== trace.errors > 0) return false;
    if (service !== undefined && !trace.services.some((share) => share.service === service)) return false;
    const { traceId } = trace;
    if (operation !== undefined) {
      const found = this.#sql.hasOperation.get({ traceId, operation, service: service ?? null });
      if (found === undefined) return false;
    }
    const text = filter.text?.toLowerCase();
    return text === undefined || traceId.includes(text) || this.#sql.hasText.get({ traceId, text }) !== undefined;
  }

  /** Removes up to a hundred of the oldest traces; whether there may be more to remove. */
  #removeTraces(oldestUs: number): boolean {
    const rows = this.#sql.oldestTraces.all({ count: 100 });
    return this.#transaction(() => {
      for (const row of rows) {
        const tooMany = this.#spans > this.#limits.spans || this.#tooLarge();
        if (!tooMany && Number(row.end_us) >= oldestUs) return false;
        const traceId = String(row.trace_id);
        this.#spans -= Number(this.#sql.removeSpans.run({ traceId }).changes);
        this.#sql.removeTrace.run({ traceId });
      }
      return rows.length > 0;
    });
  }

  #removeLogs(oldestMs: number): boolean {
    const excess = Math.min(scanned, this.#tooLarge() ? scanned : Math.max(0, this.#logs - this.#limits.logs));
    const removed = Number(this.#sql.removeLogs.run({ excess, oldest: oldestMs, count: scanned }).changes);
    this.#logs -= removed;
    return removed > 0;
  }

  #tooLarge(): boolean {
    return this.#bytes() > this.#limits.bytes && this.#spans + this.#logs > 0;
  }

  #bytes(): number {
    return Number(this.#sql.bytes.get()?.bytes ?? 0);
  }

  #lastLogId(): number {
    return Number(this.#sql.lastLog.get()?.id ?? 0);
  }

  #transaction<Result>(work: () => Result): Result {
    try {
      this.#db.exec('begin immediate');
      const result = work();
      this.#db.exec('commit');
      return result;
    } catch (cause) {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('rollback');
      throw consoleErrors.STORE_BROKEN(`the console's store refused a write: ${messageOf(cause)}`, {
        cause,
        retryable: true,
      });
    }
  }
}

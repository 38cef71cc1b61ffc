import type { LogLine, TraceSummary } from '../contract.ts';
import { matchesLog } from './log-match.ts';
import type { SpanNames } from './span-names.ts';
import { spanNames } from './span-names.ts';
import type {
  LogFilter,
  NewLog,
  ServiceNames,
  StoredSpan,
  StoreLimits,
  StoreStats,
  TelemetryStore,
  TraceFilter,
} from './telemetry-store.port.ts';
import type { TraceState } from './trace-summary.ts';
import { addToTrace, emptyTrace, summaryOf } from './trace-summary.ts';

/** What a store keeps unless told otherwise. */
export const defaultLimits: StoreLimits = {
  spans: 200_000,
  logs: 200_000,
  ageMs: 7 * 24 * 3_600_000,
  bytes: 512 * 1_048_576,
  spansPerTrace: 10_000,
};

/** Keeps telemetry in memory; gone with the process. */
export function memoryTelemetryStore(limits: StoreLimits = defaultLimits): TelemetryStore {
  return new MemoryStore(limits);
}

interface MemoryTrace {
  readonly state: TraceState;
  readonly spans: Map<string, StoredSpan>;
}

class MemoryStore implements TelemetryStore {
  readonly #limits: StoreLimits;
  readonly #traces = new Map<string, MemoryTrace>();
  readonly #names: SpanNames = spanNames();
  #logs: LogLine[] = [];
  #lastId = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  async addSpans(spans: readonly StoredSpan[]): Promise<readonly StoredSpan[]> {
    return spans.filter((span) => {
      const trace = this.#traces.get(span.traceId) ?? { state: emptyTrace(span.traceId), spans: new Map() };
      const key = `${span.spanId} ${span.kind} ${span.service}`;
      if (trace.spans.has(key) || trace.spans.size >= this.#limits.spansPerTrace) return false;
      this.#traces.set(span.traceId, trace);
      trace.spans.set(key, span);
      addToTrace(trace.state, span);
      this.#names.add(span);
      return true;
    });
  }

  async addLogs(lines: readonly NewLog[]): Promise<readonly LogLine[]> {
    const numbered = lines.map((line) => {
      this.#lastId += 1;
      return { ...line, id: this.#lastId };
    });
    this.#logs.push(...numbered);
    for (const { service } of lines) this.#names.addService(service);
    return numbered;
  }

  async findTraces(filter: TraceFilter): Promise<{ traces: TraceSummary[]; more: boolean }> {
    const newestFirst = this.#oldestFirst().reverse();
    const found = newestFirst.filter(({ state, spans }) => matchesTrace(filter, state, [...spans.values()]));
    const traces = found.slice(0, filter.limit).map(({ state }) => summaryOf(state));
    return { traces, more: found.length > filter.limit };
  }

  async trace(traceId: string): Promise<readonly StoredSpan[]> {
    return [...(this.#traces.get(traceId)?.spans.values() ?? [])].sort((a, b) => a.startUs - b.startUs);
  }

  async findLogs(filter: LogFilter): Promise<{ logs: LogLine[]; more: boolean }> {
    const before = filter.before ?? Number.POSITIVE_INFINITY;
    const found = this.#logs.filter((line) => line.id < before && matchesLog(filter, line)).reverse();
    return { logs: found.slice(0, filter.limit), more: found.length > filter.limit };
  }

  names(): ReadonlyMap<string, ServiceNames> {
    return this.#names.read();
  }

  async *spansSince(epochMs: number): AsyncGenerator<readonly StoredSpan[]> {
    const all = [...this.#traces.values()].flatMap(({ spans }) => [...spans.values()]);
    yield all.filter((span) => span.startUs >= epochMs * 1_000);
  }

  async trim(nowMs: number): Promise<number> {
    const before = this.#spanCount() + this.#logs.length;
    const oldestMs = nowMs - this.#limits.ageMs;
    let excess = this.#spanCount() - this.#limits.spans;
    for (const { state, spans } of this.#oldestFirst()) {
      if (excess <= 0 && state.endUs >= oldestMs * 1_000) break;
      excess -= spans.size;
      this.#traces.delete(state.traceId);
    }
    this.#logs = this.#logs.filter((line) => line.time >= oldestMs).slice(-this.#limits.logs);
    return before - this.#spanCount() - this.#logs.length;
  }

  stats(): StoreStats {
    const starts = [...this.#traces.values()].map(({ state }) => state.startUs / 1_000);
    const times = [...starts, ...this.#logs.map(({ time }) => time)];
    const oldestAt = times.length === 0 ? undefined : Math.min(...times);
    return { spans: this.#spanCount(), logs: this.#logs.length, bytes: 0, oldestAt };
  }

  async close(): Promise<void> {}

  #spanCount(): number {
    return [...this.#traces.values()].reduce((sum, { spans }) => sum + spans.size, 0);
  }

  #oldestFirst(): MemoryTrace[] {
    return [...this.#traces.values()].sort((a, b) => a.state.startUs - b.state.startUs);
  }
}

function matchesTrace(filter: TraceFilter, state: TraceState, spans: readonly StoredSpan[]): boolean {
  const { traceId, startedAt, durationMs, errors } = summaryOf(state);
  const { service, operation, failed, since = 0, until = Number.POSITIVE_INFINITY } = filter;
  const text = filter.text?.toLowerCase();
  return (
    startedAt >= since &&
    startedAt <= until &&
    durationMs >= (filter.minDurationMs ?? 0) &&
    durationMs <= (filter.maxDurationMs ?? Number.POSITIVE_INFINITY) &&
    (failed === undefined || failed === errors > 0) &&
    ((service === undefined && operation === undefined) ||
      spans.some(
        (span) => (service ?? span.service) === span.service && (operation ?? span.operation) === span.operation,
      )) &&
    (text === undefined ||
      traceId.includes(text) ||
      spans.some((span) => `${span.operation} ${JSON.stringify(span.attributes)}`.toLowerCase().includes(text)))
  );
}

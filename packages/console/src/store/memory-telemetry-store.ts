import type { LogLine } from '../contract.ts';
import { matchesLog } from './log-match.ts';
import { spanNames } from './span-names.ts';
import type { StoredSpan, StoreLimits, TelemetryStore, TraceFilter } from './telemetry-store.port.ts';
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
  const traces = new Map<string, { readonly state: TraceState; readonly spans: Map<string, StoredSpan> }>();
  const names = spanNames();
  let logs: LogLine[] = [];
  let nextId = 1;
  const spanCount = () => [...traces.values()].reduce((sum, { spans }) => sum + spans.size, 0);
  const oldestFirst = () => [...traces.values()].sort((a, b) => a.state.startUs - b.state.startUs);
  return {
    async addSpans(spans) {
      return spans.filter((span) => {
        const trace = traces.get(span.traceId) ?? { state: emptyTrace(span.traceId), spans: new Map() };
        const key = `${span.spanId} ${span.kind} ${span.service}`;
        if (trace.spans.has(key) || trace.spans.size >= limits.spansPerTrace) return false;
        traces.set(span.traceId, trace);
        trace.spans.set(key, span);
        addToTrace(trace.state, span);
        names.add(span);
        return true;
      });
    },
    async addLogs(lines) {
      const numbered = lines.map((line) => ({ ...line, id: nextId++ }));
      logs.push(...numbered);
      for (const { service } of lines) names.addService(service);
      return numbered;
    },
    async findTraces(filter) {
      const found = oldestFirst()
        .reverse()
        .filter(({ state, spans }) => matchesTrace(filter, state, [...spans.values()]));
      return {
        traces: found.slice(0, filter.limit).map(({ state }) => summaryOf(state)),
        more: found.length > filter.limit,
      };
    },
    async trace(traceId) {
      return [...(traces.get(traceId)?.spans.values() ?? [])].sort((a, b) => a.startUs - b.startUs);
    },
    async findLogs(filter) {
      const before = filter.before ?? Number.POSITIVE_INFINITY;
      const found = logs.filter((line) => line.id < before && matchesLog(filter, line)).reverse();
      return { logs: found.slice(0, filter.limit), more: found.length > filter.limit };
    },
    names: () => names.read(),
    async *spansSince(epochMs) {
      const all = [...traces.values()].flatMap(({ spans }) => [...spans.values()]);
      yield all.filter((span) => span.startUs >= epochMs * 1_000);
    },
    async trim(nowMs) {
      const before = spanCount() + logs.length;
      const oldestUs = (nowMs - limits.ageMs) * 1_000;
      let excess = spanCount() - limits.spans;
      for (const { state, spans } of oldestFirst()) {
        if (excess <= 0 && state.endUs >= oldestUs) break;
        excess -= spans.size;
        traces.delete(state.traceId);
      }
      logs = logs.filter((line) => line.time >= nowMs - limits.ageMs).slice(-limits.logs);
      return before - spanCount() - logs.length;
    },
    stats() {
      const times = [
        ...[...traces.values()].map(({ state }) => state.startUs / 1_000),
        ...logs.map(({ time }) => time),
      ];
      return {
        spans: spanCount(),
        logs: logs.length,
        bytes: 0,
        oldestAt: times.length === 0 ? undefined : Math.min(...times),
      };
    },
    close: async () => {},
  };
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

import type { LogLevel, LogLine, TraceSummary } from '../contract.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type Values = Readonly<Record<string, string | number | boolean>>;

/** A span as it is kept, whatever protocol brought it. Times are whole microseconds since the epoch. */
export interface StoredSpan {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly service: string;
  readonly instance: string;
  readonly operation: string;
  readonly kind: SpanKind;
  readonly startUs: number;
  readonly durationUs: number;
  readonly failed: boolean;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly refusal: string | undefined;
  /** The other side, where the span itself names it. */
  readonly remoteService: string | undefined;
  readonly attributes: Values;
  readonly events: readonly StoredEvent[];
}

export interface StoredEvent {
  readonly name: string;
  readonly atUs: number;
  readonly attributes: Values;
}

/** A log line before the store has numbered it. */
export type NewLog = Omit<LogLine, 'id'>;

/** Which traces; every criterion that is given must be met, each by any of the trace's spans. */
export interface TraceFilter {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
  readonly failed?: boolean | undefined;
  /** In the trace id, an operation's name or an attribute; case does not matter in ASCII. */
  readonly text?: string | undefined;
  /** Epoch milliseconds; of the start of the trace, both included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
}

/** Which lines; every criterion that is given must be met. */
export interface LogFilter {
  readonly service?: string | undefined;
  readonly instance?: string | undefined;
  /** This level and above. */
  readonly level?: LogLevel | undefined;
  readonly traceId?: string | undefined;
  /** In the message, the code or the fields; case does not matter in ASCII. */
  readonly text?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only lines with a smaller id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** What is kept at most. */
export interface StoreLimits {
  readonly spans: number;
  readonly logs: number;
  readonly ageMs: number;
  readonly bytes: number;
  readonly spansPerTrace: number;
}

export interface StoreStats {
  readonly spans: number;
  readonly logs: number;
  readonly bytes: number;
  /** Epoch milliseconds of the oldest trace or line. */
  readonly oldestAt: number | undefined;
}

/** The names that have been seen; for search forms and Zipkin's name lists. */
export interface ServiceNames {
  readonly operations: readonly string[];
  readonly remoteServices: readonly string[];
}

/** Keeps spans and log lines, within limits. */
export interface TelemetryStore {
  /**
   * Keeps spans; one that is kept already (same trace, span, kind and service) is left out of the answer, so is one
   * beyond the limit of its trace.
   */
  addSpans(spans: readonly StoredSpan[]): Promise<readonly StoredSpan[]>;
  /** Keeps lines and numbers them in order of arrival. */
  addLogs(lines: readonly NewLog[]): Promise<readonly LogLine[]>;
  /** Newest first. */
  findTraces(filter: TraceFilter): Promise<{ readonly traces: TraceSummary[]; readonly more: boolean }>;
  /** The spans of a trace by their start; empty when it is unknown. */
  trace(traceId: string): Promise<readonly StoredSpan[]>;
  /** Newest first. */
  findLogs(filter: LogFilter): Promise<{ readonly logs: LogLine[]; readonly more: boolean }>;
  /** By service. */
  names(): ReadonlyMap<string, ServiceNames>;
  /** Spans that started at or after a time, newest arrival first, in batches. */
  spansSince(epochMs: number): AsyncIterable<readonly StoredSpan[]>;
  /** Removes whole traces and lines, oldest first, until the limits hold; returns how many spans and lines went. */
  trim(nowMs: number): Promise<number>;
  stats(): StoreStats;
  close(): Promise<void>;
}

import type { TraceContext } from '@dure/core';
import type { LogLevels } from './log-levels.ts';

/** Plain values that describe a span, a log line or a metric. Never a secret. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** The span it belongs under; without one it starts a trace. */
  readonly parent?: TraceContext;
  readonly attributes?: Attributes;
}

/** A piece of work with a beginning and an end. After `end` nothing changes it. */
export interface Span {
  /** Hand this to whatever happens inside: `call.with({ trace: span.context })`. */
  readonly context: TraceContext;
  set(key: string, value: string | number | boolean): void;
  event(name: string, attributes?: Attributes): void;
  /**
   * Marks it failed, with the error's code and message. Only noted, and no failure, are a refusal, a caller who left
   * and, where the span answers (`server`, `consumer`), what is the caller's fault.
   */
  fail(error: unknown): void;
  end(): void;
}

/** Writes log lines: one JSON object each, on stdout, and to the collector when there is one. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Fields of a log line. `error` is written with its code, message and causes; `trace` links the line to its span. */
export interface LogFields extends Readonly<Record<string, unknown>> {
  readonly error?: unknown;
  readonly trace?: TraceContext;
}

export interface Counter {
  add(value?: number, labels?: Attributes): void;
}

/** A distribution; durations are in seconds, as Prometheus wants them. */
export interface Histogram {
  record(value: number, labels?: Attributes): void;
}

export interface Metrics {
  /** `http_server_requests`; asking twice for one name gives the same counter. */
  counter(name: string, description: string): Counter;
  histogram(name: string, description: string, bounds?: readonly number[]): Histogram;
  /** Read when the metrics are asked for; a value that is not finite is left out. One name may have a reader for each label set. */
  gauge(name: string, description: string, read: () => number, labels?: Attributes): void;
  /** The Prometheus text format 0.0.4. */
  prometheus(): string;
  /** Every meter as Spring Boot's `/actuator/metrics` shows it. */
  snapshot(): readonly MeterSnapshot[];
}

export interface MeterSnapshot {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
  readonly series: readonly { readonly labels: Attributes; readonly measurements: Readonly<Record<string, number>> }[];
}

/** Everything a service says about itself. */
export interface Telemetry {
  readonly service: string;
  readonly instance: string;
  readonly log: Logger;
  /** The logger of a part, with a level of its own if somebody gives it one; its lines say `logger`. */
  logger(name: string): Logger;
  /** What its loggers write. */
  readonly levels: LogLevels;
  readonly metrics: Metrics;
  startSpan(name: string, options?: SpanOptions): Span;
  /** Sends what is buffered; resolves when it is sent or given up, after two seconds at the latest. Never rejects. */
  flush(): Promise<void>;
  /** Flushes and stops; what is said afterwards still reaches stdout, but no collector. Idempotent. */
  close(): Promise<void>;
}

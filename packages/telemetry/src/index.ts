export type {
  Attributes,
  Counter,
  Histogram,
  LogFields,
  Logger,
  MeterSnapshot,
  Metrics,
  Span,
  SpanKind,
  SpanOptions,
  Telemetry,
} from './telemetry.ts';

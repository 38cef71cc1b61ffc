export { formatB3, parseB3 } from './b3.ts';
export { telemetryErrors } from './errors.ts';
export type { LineSink } from './line-sink.ts';
export type { LogRecord } from './log.ts';
export type { LogFile, LogFileOptions } from './log-file.ts';
export { openLogFile } from './log-file.ts';
export type { LoggerLevel, LogLevel, LogLevels, LogSettings } from './log-levels.ts';
export { rootLogger } from './log-levels.ts';
export { loggerLevel, logSection, springLogSection } from './log-section.ts';
export { isSecretKey, masked, maskText } from './mask.ts';
export type { TelemetryOptions } from './open-telemetry.ts';
export { openTelemetry } from './open-telemetry.ts';
export { prometheusMediaType } from './prometheus.ts';
export { silentTelemetry } from './silent-telemetry.ts';
export type { SpanEvent, SpanFailure, SpanRecord } from './span.ts';
export { spanAttributes, spanEvent } from './span.ts';
export { stdoutSink } from './stdout-sink.ts';
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
export { traced } from './traced.ts';
export type { Delivery, DeliveryAnswer, Transport } from './transport.ts';

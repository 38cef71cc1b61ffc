import type { Clock, Ids } from '@dure/core';
import { seededRandom } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { memorySink } from '../line-sink.ts';
import type { LogRecord } from '../log.ts';
import { logger } from '../log.ts';
import { levelBook } from '../log-levels.ts';
import { meters } from '../meters.ts';
import type { SpanRecord } from '../span.ts';
import { startSpan } from '../span.ts';
import type { Telemetry } from '../telemetry.ts';
import { wallTime } from '../wall-time.ts';

/** Telemetry that keeps everything for a test to look at. */
export interface MemoryTelemetry extends Telemetry {
  /** The spans that have ended, in that order. */
  readonly spans: readonly SpanRecord[];
  readonly logs: readonly LogRecord[];
  /** The log as it would be on stdout. */
  readonly lines: readonly string[];
}

/** Every trace is sampled and every level is written. */
export function memoryTelemetry(
  options: { readonly service?: string; readonly clock?: Clock; readonly ids?: Ids } = {},
): MemoryTelemetry {
  const { service = 'test', clock = fakeClock(), ids = testIds(7) } = options;
  const instance = `${service}:test`;
  const spans: SpanRecord[] = [];
  const logs: LogRecord[] = [];
  const sink = memorySink();
  const levels = levelBook(service, 'debug');
  const onLine = (line: LogRecord) => void logs.push(line);
  const lines = { service, instance, now: () => clock.now(), sink, onLine };
  const source = {
    wallTime: wallTime(clock),
    ids,
    random: seededRandom(1),
    sampleRatio: 1,
    onEnd: (span: SpanRecord) => void spans.push(span),
  };
  return {
    service,
    instance,
    spans,
    logs,
    lines: sink.lines,
    log: logger({ ...lines, threshold: levels.thresholdOf(service) }),
    logger: (name) => logger({ ...lines, name, threshold: levels.thresholdOf(name) }),
    levels,
    metrics: meters(clock),
    startSpan: (name, spanOptions) => startSpan(source, name, spanOptions),
    flush: async () => {},
    close: async () => {},
  };
}

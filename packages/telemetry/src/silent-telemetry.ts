import type { Ids, TraceContext } from '@dure/core';
import { levelBook } from './log-levels.ts';
import type { Telemetry } from './telemetry.ts';

const nothing = () => {};
const nowhere: TraceContext = { traceId: `${'0'.repeat(31)}1`, spanId: `${'0'.repeat(15)}1`, sampled: false };

/** Telemetry that says nothing and keeps nothing; traces continue through it, and start in it when it has ids. */
export function silentTelemetry(ids?: Ids, service = 'silent'): Telemetry {
  const start = (): TraceContext =>
    ids === undefined ? nowhere : { traceId: ids.traceId(), spanId: ids.spanId(), sampled: false };
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  return {
    service,
    instance: `${service}:silent`,
    log,
    logger: () => log,
    levels: levelBook(service, 'off'),
    metrics: {
      counter: () => ({ add: nothing }),
      histogram: () => ({ record: nothing }),
      gauge: nothing,
      prometheus: () => '',
      snapshot: () => [],
    },
    startSpan: (_name, options) => ({
      context: options?.parent ?? start(),
      set: nothing,
      event: nothing,
      fail: nothing,
      end: nothing,
    }),
    flush: async () => {},
    close: async () => {},
  };
}

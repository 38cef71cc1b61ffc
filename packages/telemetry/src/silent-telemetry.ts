import type { Ids } from '@dure/core';
import type { Telemetry } from './telemetry.ts';

const nothing = () => {};

/** Telemetry that says nothing and keeps nothing; traces still continue through it. */
export function silentTelemetry(ids: Ids, service = 'silent'): Telemetry {
  return {
    service,
    instance: `${service}:silent`,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    metrics: {
      counter: () => ({ add: nothing }),
      histogram: () => ({ record: nothing }),
      gauge: nothing,
      prometheus: () => '',
      snapshot: () => [],
    },
    startSpan(_name, options) {
      const context = options?.parent ?? { traceId: ids.traceId(), spanId: ids.spanId(), sampled: false };
      return { context, set: nothing, event: nothing, fail: nothing, end: nothing };
    },
    flush: async () => {},
    close: async () => {},
  };
}

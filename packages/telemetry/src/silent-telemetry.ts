import type { TraceContext } from '@dure/core';
import type { Telemetry } from './telemetry.ts';

const nothing = () => {};
const nowhere: TraceContext = { traceId: `${'0'.repeat(31)}1`, spanId: `${'0'.repeat(15)}1`, sampled: false };

/** Telemetry that says nothing and keeps nothing; traces still continue through it. */
export function silentTelemetry(service = 'silent'): Telemetry {
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
    startSpan: (_name, options) => ({
      context: options?.parent ?? nowhere,
      set: nothing,
      event: nothing,
      fail: nothing,
      end: nothing,
    }),
    flush: async () => {},
    close: async () => {},
  };
}

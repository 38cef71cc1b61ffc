import type { Clock } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Collector } from '../ingest/collector.ts';
import { collector } from '../ingest/collector.ts';
import type { TelemetryStore } from '../store/telemetry-store.port.ts';
import type { LogTail } from './log-tail.ts';
import { logTail } from './log-tail.ts';
import type { ProcessFacts } from './process-facts.ts';
import { processFacts } from './process-facts.ts';
import type { TrafficWindow } from './traffic-window.ts';
import { keptMs, trafficWindow } from './traffic-window.ts';

/** What is known at once about the present, and the intake that feeds it. */
export interface LiveView {
  readonly intake: Collector;
  readonly traffic: TrafficWindow;
  readonly tail: LogTail;
  readonly facts: ProcessFacts;
  /** Services and when they were last heard of, in epoch milliseconds. */
  heard(): ReadonlyMap<string, number>;
}

const maxHeard = 1_000;

/** Follows what comes in; the traffic of the last hour is read back from the store in the background. */
export function liveView(store: TelemetryStore, clock: Clock, { metrics, log }: Telemetry): LiveView {
  const traffic = trafficWindow();
  const tail = logTail();
  const facts = processFacts();
  const heard = new Map<string, number>();
  const taken = metrics.counter('console_received', 'Spans, log lines and measurements taken in');
  const hear = (service: string, at: number) => {
    if (heard.has(service) || heard.size < maxHeard) heard.set(service, Math.max(at, heard.get(service) ?? 0));
  };
  const take = (signal: string, items: readonly { readonly service: string }[]) => {
    taken.add(items.length, { signal });
    for (const { service } of items) hear(service, clock.now());
  };
  const intake = collector(store, {
    onSpans(spans) {
      traffic.add(spans, clock.now());
      take('traces', spans);
    },
    onLogs(lines) {
      tail.publish(lines);
      take('logs', lines);
    },
    onMeasurements(measurements) {
      facts.add(measurements);
      take('metrics', measurements);
    },
  });
  // The store is first asked here and now, before anything comes in: nothing is counted twice.
  const restored = (async () => {
    for await (const spans of store.spansSince(clock.now() - keptMs)) {
      traffic.add(spans, clock.now());
      for (const { service, startUs } of spans) hear(service, startUs / 1_000);
    }
  })();
  restored.catch((error: unknown) => log.warn('the traffic of the last hour could not be read back', { error }));
  return { intake, traffic, tail, facts, heard: () => heard };
}

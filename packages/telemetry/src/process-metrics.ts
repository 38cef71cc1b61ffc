import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@dure/core';
import type { Meters } from './meters.ts';

const resolutionMs = 50;
let shared: ReturnType<typeof monitorEventLoopDelay> | undefined;

/** Adds what the process says about itself: memory, processor time, delay of the event loop, start time. */
export function processMetrics(meters: Meters, clock: Clock): void {
  const startedAtSeconds = clock.now() / 1_000 - process.uptime();
  meters.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  meters.gauge('process_start_time_seconds', 'Start time since the Unix epoch', () => startedAtSeconds);
  meters.observedCounter('process_cpu_seconds', 'User and system processor time', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
  meters.gauge('nodejs_eventloop_delay_seconds', 'Longest delay of the event loop since it was last read', readDelay);
}

/** One monitor a process, however many services it runs. */
function readDelay(): number {
  if (shared === undefined) {
    shared = monitorEventLoopDelay({ resolution: resolutionMs });
    shared.enable();
    return 0;
  }
  const delay = shared.count === 0 ? 0 : Math.max(0, shared.max / 1e9 - resolutionMs / 1_000);
  shared.reset();
  return delay;
}

import type { InstanceView } from '../contract.ts';
import type { Measurement } from '../ingest/otlp-decode.ts';

/** What instances last said about their processes. */
export interface ProcessFacts {
  add(measurements: readonly Measurement[]): void;
  of(service: string, instance: string): InstanceView['process'];
}

const maxInstances = 1_000;

interface Facts {
  residentBytes?: number;
  eventLoopDelayMs?: number;
  startedAt?: number;
  cpuSeconds?: number;
  cpuAt?: number;
  cpuRatio?: number;
}

/** Facts of the thousand instances that spoke last. */
export function processFacts(): ProcessFacts {
  const known = new Map<string, Facts>();
  const take = (facts: Facts, { name, value, time }: Measurement) => {
    if (name === 'process_resident_memory_bytes') facts.residentBytes = value;
    if (name === 'nodejs_eventloop_delay_seconds') facts.eventLoopDelayMs = value * 1_000;
    if (name === 'process_start_time_seconds') facts.startedAt = value * 1_000;
    if (name !== 'process_cpu_seconds') return;
    const { cpuSeconds, cpuAt } = facts;
    if (cpuSeconds !== undefined && cpuAt !== undefined && time > cpuAt && value >= cpuSeconds) {
      facts.cpuRatio = (value - cpuSeconds) / ((time - cpuAt) / 1_000);
    }
    facts.cpuSeconds = value;
    facts.cpuAt = time;
  };
  return {
    add(measurements) {
      for (const one of measurements) {
        const key = `${one.service}\u0000${one.instance}`;
        const facts = known.get(key) ?? {};
        take(facts, one);
        known.delete(key); // the latest to speak is the last to be forgotten
        known.set(key, facts);
        const [oldest] = known.keys();
        if (known.size > maxInstances && oldest !== undefined) known.delete(oldest);
      }
    },
    of(service, instance) {
      const facts = known.get(`${service}\u0000${instance}`);
      if (facts === undefined) return undefined;
      const { cpuSeconds: _seconds, cpuAt: _at, ...shown } = facts;
      return shown;
    },
  };
}

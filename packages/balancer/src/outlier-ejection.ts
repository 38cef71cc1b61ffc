import type { Random } from '@dure/core';
import type { InstanceLoad } from './instance-load.ts';
import { checked, checkedMs, longestMs } from './options.ts';

/** Options of the passive outlier ejection. */
export interface OutlierOptions {
  /** So many failures in a row eject an instance. Default 5. */
  readonly consecutiveFailures?: number;
  /** How often success rates are compared. Default 10 000. */
  readonly sweepMs?: number;
  /** An instance is ejected when its success rate lies so many standard deviations below the mean. Default 1.9. */
  readonly deviations?: number;
  /** Success rates are compared only among so many instances or more … Default 5. */
  readonly leastInstances?: number;
  /** … that each had so many calls since the last sweep. Default 100. */
  readonly leastCalls?: number;
  /** How long an instance stays out the first time, the second twice, and so on. Default 30 000. */
  readonly ejectionMs?: number;
  /** The longest ejection. Default 300 000. */
  readonly ejectionAtMostMs?: number;
}

/** Outlier options with nothing left to default. */
export type Outliers = Required<OutlierOptions>;

/** The options, checked. BALANCER_OPTION_INVALID names what is out of range. */
export function outlierEjection(options: OutlierOptions = {}): Outliers {
  const { consecutiveFailures = 5, sweepMs = 10_000, deviations = 1.9, leastInstances = 5, leastCalls = 100 } = options;
  const { ejectionMs = 30_000 } = options;
  const { ejectionAtMostMs = Math.max(300_000, ejectionMs) } = options;
  const owner = 'outlierEjection';
  return {
    consecutiveFailures: checked(owner, 'consecutiveFailures', consecutiveFailures, { from: 1, to: 1e6, whole: true }),
    sweepMs: checkedMs(owner, 'sweepMs', sweepMs),
    deviations: checked(owner, 'deviations', deviations, { from: 0.1, to: 100 }),
    leastInstances: checked(owner, 'leastInstances', leastInstances, { from: 3, to: 1e6, whole: true }),
    leastCalls: checked(owner, 'leastCalls', leastCalls, { from: 1, to: 1e9, whole: true }),
    ejectionMs: checkedMs(owner, 'ejectionMs', ejectionMs),
    ejectionAtMostMs: checked(owner, 'ejectionAtMostMs', ejectionAtMostMs, {
      from: ejectionMs,
      to: longestMs,
      unit: 'ms',
    }),
  };
}

/** Why an instance is ejected. */
export type EjectionReason = 'consecutive-failures' | 'success-rate';

/**
 * How many of a fleet may be out at a time: as many as leave the panic share, and one in any case where another is
 * left. Envoy's `max_ejection_percent`, read literally, never ejects one of three.
 */
export function mostEjected(fleetSize: number, panicShare: number): number {
  if (fleetSize < 2) return 0;
  return Math.max(1, Math.floor(fleetSize * (1 - panicShare)));
}

/** Whether so few are left that ejections and failed checks are no longer believed. */
export function isPanic(available: number, fleetSize: number, panicShare: number): boolean {
  return available < fleetSize - mostEjected(fleetSize, panicShare) || available === 0;
}

/** Takes the instance out: the longer the more often it was ejected, plus up to a tenth at random. */
export function eject(load: InstanceLoad, outliers: Outliers, random: Random, nowMs: number): number {
  load.ejections += 1;
  const ejectionMs = Math.min(outliers.ejectionMs * load.ejections, outliers.ejectionAtMostMs);
  load.isEjected = true;
  load.ejectedUntilMs = nowMs + ejectionMs * (1 + random.next() / 10);
  return ejectionMs;
}

/**
 * Ends a sweep: returns those whose success rate lies apart from the others', worst first, and starts counting anew.
 * The arithmetic is Envoy's (`outlier_detection.proto`, success rate) and gRPC's A50.
 */
export function sweep(loads: readonly InstanceLoad[], outliers: Outliers): readonly InstanceLoad[] {
  const counted = loads.filter(({ sweptCalls, isEjected }) => !isEjected && sweptCalls >= outliers.leastCalls);
  let apart: readonly InstanceLoad[] = [];
  if (counted.length >= outliers.leastInstances) {
    const rates = counted.map(successRate);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const line = mean - Math.sqrt(variance) * outliers.deviations;
    apart = counted.filter((load) => successRate(load) < line).sort((a, b) => successRate(a) - successRate(b));
  }
  for (const load of loads) {
    if (!load.isEjected && load.ejections > 0 && !apart.includes(load)) load.ejections -= 1;
    load.sweptCalls = 0;
    load.sweptFailures = 0;
  }
  return apart;
}

function successRate({ sweptCalls, sweptFailures }: InstanceLoad): number {
  return 1 - sweptFailures / Math.max(sweptCalls, 1);
}

import type { ServiceTrafficView, TrafficView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import type { Latencies } from './latencies.ts';
import { latencies } from './latencies.ts';
import { dropBefore, stepMs, stepOf, within } from './time-steps.ts';

/** Requests, errors and latencies by service, operation and step. */
export interface RequestTable {
  add(span: StoredSpan): void;
  readonly services: readonly string[];
  /** Of one service, or of all. */
  total(service: string | undefined, from: number, to: number): TrafficView;
  of(service: string, from: number, to: number): ServiceTrafficView;
  forget(oldest: number): void;
}

const maxServices = 200;
const maxOperations = 100;
/** Stands for the operations beyond the limit. */
const others = '…';

interface Step {
  requests: number;
  errors: number;
  readonly latencies: Latencies;
}

type Steps = Map<number, Step>;

/** A table that keeps 200 services with 100 operations each; what is beyond is added up as `…`. */
export function requestTable(): RequestTable {
  const table = new Map<string, Map<string, Steps>>();
  const stepsOf = (service: string, from: number, to: number) =>
    [...(table.get(service)?.values() ?? [])].flatMap((steps) => within(steps, from, to));
  return {
    add(span) {
      const operations = table.get(span.service) ?? new Map<string, Steps>();
      if (!table.has(span.service) && table.size >= maxServices) return;
      table.set(span.service, operations);
      const known = operations.has(span.operation) || operations.size < maxOperations;
      const operation = known ? span.operation : others;
      const steps = operations.get(operation) ?? new Map<number, Step>();
      operations.set(operation, steps);
      const at = stepOf(span.startUs / 1_000);
      const step = steps.get(at) ?? { requests: 0, errors: 0, latencies: latencies() };
      steps.set(at, step);
      step.requests += 1;
      if (span.failed) step.errors += 1;
      step.latencies.add(span.durationUs / 1_000);
    },
    get services() {
      return [...table.keys()].sort();
    },
    total: (service, from, to) =>
      sum(
        (service === undefined ? [...table.keys()] : [service]).flatMap((one) => stepsOf(one, from, to)),
        to - from,
      ),
    of(service, from, to) {
      const all = stepsOf(service, from, to);
      const operations = [...(table.get(service) ?? [])]
        .map(([operation, steps]) => ({ operation, ...sum(within(steps, from, to), to - from) }))
        .filter(({ requests }) => requests > 0)
        .sort((a, b) => b.requests - a.requests);
      return { service, ...sum(all, to - from), series: series(all, from, to), operations };
    },
    forget(oldest) {
      for (const [service, operations] of table) {
        for (const [operation, steps] of operations) {
          dropBefore(steps, oldest);
          if (steps.size === 0) operations.delete(operation);
        }
        if (operations.size === 0) table.delete(service);
      }
    },
  };
}

function series(all: readonly (readonly [number, Step])[], from: number, to: number): ServiceTrafficView['series'] {
  const points: ServiceTrafficView['series'] = [];
  for (let time = from + stepMs; time <= to; time += stepMs) {
    const { requests, errors, p50Ms, p95Ms } = sum(
      all.filter(([at]) => at === time),
      stepMs,
    );
    points.push({
      time,
      requests,
      errors,
      ...(p50Ms === undefined ? {} : { p50Ms }),
      ...(p95Ms === undefined ? {} : { p95Ms }),
    });
  }
  return points;
}

function sum(steps: readonly (readonly [number, Step])[], windowMs: number): TrafficView {
  const together = latencies();
  let [requests, errors] = [0, 0];
  for (const [, step] of steps) {
    requests += step.requests;
    errors += step.errors;
    together.merge(step.latencies);
  }
  const [p50Ms, p95Ms] = [together.percentile(0.5), together.percentile(0.95)];
  return {
    requests,
    errors,
    ratePerSecond: requests / (windowMs / 1_000),
    errorRatio: requests === 0 ? 0 : errors / requests,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
  };
}

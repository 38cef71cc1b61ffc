import type { OverviewView, ServiceTrafficView, TrafficView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import type { EdgeFinder } from './edge-finder.ts';
import { edgeFinder } from './edge-finder.ts';
import type { Latencies } from './latencies.ts';
import { latencies } from './latencies.ts';

/** What was going on lately, added up as spans arrive; asking costs next to nothing. */
export interface TrafficWindow {
  /** Takes spans that have not been taken before. */
  add(spans: readonly StoredSpan[], nowMs: number): void;
  traffic(service: string, nowMs: number, windowMs: number): TrafficView;
  /** Everything in an overview but what the store holds. */
  overview(nowMs: number, windowMs: number): Omit<OverviewView, 'store'>;
}

/** How long things are kept. */
export const keptMs = 3_600_000;
const stepMs = 10_000;
const maxServices = 200;
const maxOperations = 100;
const maxFailures = 500;
const shownFailures = 20;

interface Step {
  requests: number;
  errors: number;
  readonly latencies: Latencies;
}

type Steps = Map<number, Step>;

interface Failure {
  readonly service: string;
  readonly operation: string;
  readonly code: string;
  message: string;
  lastAt: number;
  traceId: string;
  readonly counts: Map<number, number>;
}

/** Requests, errors and latencies by service, operation and ten seconds, over the last hour. */
export function trafficWindow(): TrafficWindow {
  const services = new Map<string, Map<string, Steps>>();
  const failures = new Map<string, Failure>();
  const edges: EdgeFinder = edgeFinder(stepMs);
  let forgottenAt = 0;

  const request = (span: StoredSpan) => {
    const operations = services.get(span.service) ?? new Map<string, Steps>();
    if (!services.has(span.service)) {
      if (services.size >= maxServices) return;
      services.set(span.service, operations);
    }
    const known = operations.has(span.operation) || operations.size < maxOperations;
    const operation = known ? span.operation : '…';
    const steps = operations.get(operation) ?? new Map<number, Step>();
    operations.set(operation, steps);
    const at = stepOf(span.startUs / 1_000);
    const step = steps.get(at) ?? { requests: 0, errors: 0, latencies: latencies() };
    steps.set(at, step);
    step.requests += 1;
    if (span.failed) step.errors += 1;
    step.latencies.add(span.durationUs / 1_000);
  };
  const failure = (span: StoredSpan) => {
    const code = span.code ?? 'ERROR';
    const key = `${span.service}\u0000${span.operation}\u0000${code}`;
    const at = (span.startUs + span.durationUs) / 1_000;
    const known = failures.get(key);
    const one: Failure = known ?? { ...named(span), code, message: '', lastAt: 0, traceId: '', counts: new Map() };
    if (known === undefined && failures.size >= maxFailures) return;
    failures.set(key, one);
    one.counts.set(stepOf(at), (one.counts.get(stepOf(at)) ?? 0) + 1);
    if (at < one.lastAt) return;
    one.lastAt = at;
    one.message = span.error ?? '';
    one.traceId = span.traceId;
  };
  const forget = (nowMs: number) => {
    if (nowMs - forgottenAt < stepMs) return;
    forgottenAt = nowMs;
    const oldest = stepOf(nowMs - keptMs);
    for (const [service, operations] of services) {
      for (const [operation, steps] of operations) {
        dropBefore(steps, oldest);
        if (steps.size === 0) operations.delete(operation);
      }
      if (operations.size === 0) services.delete(service);
    }
    for (const [key, { counts }] of failures) {
      dropBefore(counts, oldest);
      if (counts.size === 0) failures.delete(key);
    }
    edges.forget(oldest);
  };
  const stepsIn = (service: string, from: number, to: number) =>
    [...(services.get(service)?.values() ?? [])].flatMap((steps) => within(steps, from, to));

  return {
    add(spans, nowMs) {
      for (const span of spans) {
        if (span.startUs / 1_000 < nowMs - keptMs || span.startUs / 1_000 > nowMs + keptMs) continue;
        if (span.kind === 'server' || span.kind === 'consumer') request(span);
        if (span.failed) failure(span);
        edges.add(span);
      }
      forget(nowMs);
    },
    traffic: (service, nowMs, windowMs) =>
      sum(
        stepsIn(service, stepOf(nowMs - windowMs), stepOf(nowMs)).map(([, step]) => step),
        windowMs,
      ),
    overview(nowMs, windowMs) {
      const [from, to] = [stepOf(nowMs - windowMs), stepOf(nowMs)];
      const all = [...services.keys()].sort();
      return {
        now: nowMs,
        windowMs,
        stepMs,
        total: sum(
          all.flatMap((service) => stepsIn(service, from, to)).map(([, step]) => step),
          windowMs,
        ),
        services: all.map((service) => serviceTraffic(service, services.get(service) ?? new Map(), from, to, windowMs)),
        edges: edges.read(from, to),
        errors: [...failures.values()]
          .map(({ counts, ...rest }) => ({ ...rest, count: total(counts, from, to) }))
          .filter(({ count }) => count > 0)
          .sort((a, b) => b.lastAt - a.lastAt)
          .slice(0, shownFailures),
      };
    },
  };
}

function serviceTraffic(
  service: string,
  operations: ReadonlyMap<string, Steps>,
  from: number,
  to: number,
  windowMs: number,
): ServiceTrafficView {
  const all = [...operations.values()].flatMap((steps) => within(steps, from, to));
  const series: ServiceTrafficView['series'] = [];
  for (let at = from + stepMs; at <= to; at += stepMs) {
    const { requests, errors, p50Ms, p95Ms } = sum(
      all.filter(([when]) => when === at).map(([, step]) => step),
      stepMs,
    );
    series.push({
      time: at,
      requests,
      errors,
      ...(p50Ms === undefined ? {} : { p50Ms }),
      ...(p95Ms === undefined ? {} : { p95Ms }),
    });
  }
  return {
    service,
    ...sum(
      all.map(([, step]) => step),
      windowMs,
    ),
    series,
    operations: [...operations]
      .map(([operation, steps]) => ({
        operation,
        ...sum(
          within(steps, from, to).map(([, step]) => step),
          windowMs,
        ),
      }))
      .filter(({ requests }) => requests > 0)
      .sort((a, b) => b.requests - a.requests),
  };
}

function sum(steps: readonly Step[], windowMs: number): TrafficView {
  const together = latencies();
  let [requests, errors] = [0, 0];
  for (const step of steps) {
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

function named({ service, operation }: StoredSpan) {
  return { service, operation };
}

function stepOf(epochMs: number): number {
  return Math.floor(epochMs / stepMs) * stepMs;
}

/** The entries after `from`, up to and with `to`. */
function within<Item>(items: ReadonlyMap<number, Item>, from: number, to: number): (readonly [number, Item])[] {
  return [...items].filter(([at]) => at > from && at <= to);
}

function total(counts: ReadonlyMap<number, number>, from: number, to: number): number {
  return within(counts, from, to).reduce((all, [, count]) => all + count, 0);
}

function dropBefore(items: Map<number, unknown>, oldest: number): void {
  for (const at of items.keys()) if (at < oldest) items.delete(at);
}

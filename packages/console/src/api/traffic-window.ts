import type { OverviewView, TrafficView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { edgeFinder } from './edge-finder.ts';
import { failureGroups } from './failure-groups.ts';
import { requestTable } from './request-table.ts';
import { stepMs, stepOf } from './time-steps.ts';

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

/** Requests, failures and edges of the last hour, in steps of ten seconds. */
export function trafficWindow(): TrafficWindow {
  const requests = requestTable();
  const failures = failureGroups();
  const edges = edgeFinder();
  let forgottenAt = 0;
  const forget = (nowMs: number) => {
    if (nowMs - forgottenAt < stepMs) return;
    forgottenAt = nowMs;
    const oldest = stepOf(nowMs - keptMs);
    for (const part of [requests, failures, edges]) part.forget(oldest);
  };
  return {
    add(spans, nowMs) {
      for (const span of spans) {
        const at = span.startUs / 1_000;
        if (at < nowMs - keptMs || at > nowMs + keptMs) continue;
        if (span.kind === 'server' || span.kind === 'consumer') requests.add(span);
        if (span.failed) failures.add(span);
        edges.add(span);
      }
      forget(nowMs);
    },
    traffic: (service, nowMs, windowMs) => requests.total(service, stepOf(nowMs - windowMs), stepOf(nowMs)),
    overview(nowMs, windowMs) {
      const [from, to] = [stepOf(nowMs - windowMs), stepOf(nowMs)];
      return {
        now: nowMs,
        windowMs,
        stepMs,
        total: requests.total(undefined, from, to),
        services: requests.services.map((service) => requests.of(service, from, to)),
        edges: edges.read(from, to),
        errors: failures.read(from, to),
      };
    },
  };
}

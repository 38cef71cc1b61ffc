import type { OverviewView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { dropBefore, stepOf, within } from './time-steps.ts';

/** Failures that are alike, counted: same service, operation and code. */
export interface FailureGroups {
  add(span: StoredSpan): void;
  /** Those with a failure in the steps after `from`, up to and with `to`; newest first, at most 20. */
  read(from: number, to: number): OverviewView['errors'];
  forget(oldest: number): void;
}

const maxGroups = 500;
const shown = 20;

interface Group {
  readonly service: string;
  readonly operation: string;
  readonly code: string;
  message: string;
  lastAt: number;
  traceId: string;
  readonly counts: Map<number, number>;
}

/** Groups of failures, the latest of each as its example. */
export function failureGroups(): FailureGroups {
  const groups = new Map<string, Group>();
  return {
    add(span) {
      const { service, operation, code = 'ERROR' } = span;
      const key = `${service}\u0000${operation}\u0000${code}`;
      const known = groups.get(key);
      if (known === undefined && groups.size >= maxGroups) return;
      const group: Group = known ?? {
        service,
        operation,
        code,
        message: '',
        lastAt: 0,
        traceId: '',
        counts: new Map(),
      };
      groups.set(key, group);
      const at = (span.startUs + span.durationUs) / 1_000;
      group.counts.set(stepOf(at), (group.counts.get(stepOf(at)) ?? 0) + 1);
      if (at < group.lastAt) return;
      group.lastAt = at;
      group.message = span.error ?? '';
      group.traceId = span.traceId;
    },
    read: (from, to) =>
      [...groups.values()]
        .map(({ counts, ...rest }) => ({ ...rest, count: within(counts, from, to).reduce((sum, [, n]) => sum + n, 0) }))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.lastAt - a.lastAt)
        .slice(0, shown),
    forget(oldest) {
      for (const [key, { counts }] of groups) {
        dropBefore(counts, oldest);
        if (counts.size === 0) groups.delete(key);
      }
    },
  };
}

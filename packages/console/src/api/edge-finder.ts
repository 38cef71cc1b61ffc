import type { OverviewView } from '../contract.ts';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { dropBefore, stepOf, within } from './time-steps.ts';

/** Finds out who calls whom: an edge is a span whose parent belongs to another service. */
export interface EdgeFinder {
  add(span: StoredSpan): void;
  /** Calls in the steps after `from`, up to and with `to`. */
  read(from: number, to: number): OverviewView['edges'];
  forget(oldest: number): void;
}

const remembered = 20_000;
const maxEdges = 2_000;

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly steps: Map<number, { calls: number; errors: number }>;
}

/** Spans arrive in any order, the parent often last: the newest 20 000 of both sides are remembered until they meet. */
export function edgeFinder(): EdgeFinder {
  const parents = recent<string>(remembered);
  const waiting = recent<readonly StoredSpan[]>(remembered);
  const edges = new Map<string, Edge>();
  const count = (from: string, span: StoredSpan) => {
    if (from === span.service) return;
    const key = `${from}\u0000${span.service}`;
    const edge: Edge = edges.get(key) ?? { from, to: span.service, steps: new Map() };
    if (!edges.has(key) && edges.size >= maxEdges) return;
    edges.set(key, edge);
    const at = stepOf(span.startUs / 1_000);
    const step = edge.steps.get(at) ?? { calls: 0, errors: 0 };
    edge.steps.set(at, { calls: step.calls + 1, errors: step.errors + (span.failed ? 1 : 0) });
  };
  return {
    add(span) {
      const own = span.traceId + span.spanId;
      parents.set(own, span.service);
      for (const child of waiting.get(own) ?? []) count(span.service, child);
      waiting.delete(own);
      if (span.parentId === undefined) return;
      const parentKey = span.traceId + span.parentId;
      const parent = parents.get(parentKey);
      if (parent === undefined) waiting.set(parentKey, [...(waiting.get(parentKey) ?? []), span].slice(-50));
      else count(parent, span);
    },
    read: (from, to) =>
      [...edges.values()]
        .map(({ steps, ...ends }) => {
          const inside = within(steps, from, to).map(([, step]) => step);
          const calls = inside.reduce((sum, step) => sum + step.calls, 0);
          return { ...ends, calls, errors: inside.reduce((sum, step) => sum + step.errors, 0) };
        })
        .filter(({ calls }) => calls > 0)
        .sort((a, b) => b.calls - a.calls),
    forget(oldest) {
      for (const [key, { steps }] of edges) {
        dropBefore(steps, oldest);
        if (steps.size === 0) edges.delete(key);
      }
    },
  };
}

/** A map that forgets its oldest entries. */
function recent<Value>(size: number) {
  const map = new Map<string, Value>();
  return {
    get: (key: string) => map.get(key),
    delete: (key: string) => map.delete(key),
    set(key: string, value: Value) {
      map.set(key, value);
      if (map.size <= size) return;
      for (const oldest of map.keys()) {
        map.delete(oldest);
        break;
      }
    },
  };
}

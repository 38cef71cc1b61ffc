import type { Anomaly } from './anomaly.ts';
import type { History } from './history.ts';
import type { HistoryIndex, HistoryTransaction } from './history-index.ts';

/** By transaction: those that must come after it. */
type Graph = ReadonlyMap<HistoryTransaction, ReadonlySet<HistoryTransaction>>;

/**
 * Transactions can be put in one order in which each comes behind those whose messages stand before its own, of one key, and behind those
 * whose messages it has applied (Adya 1999: neither G0 nor G1c).
 */
export function checkCycles(history: History, index: HistoryIndex): readonly Anomaly[] {
  const writes = new Map<HistoryTransaction, Set<HistoryTransaction>>();
  const link = (graph: Map<HistoryTransaction, Set<HistoryTransaction>>) => {
    return (from: HistoryTransaction | undefined, to: HistoryTransaction | undefined) => {
      if (from === undefined || to === undefined || from === to) return;
      const behind = graph.get(from);
      if (behind === undefined) graph.set(from, new Set([to]));
      else behind.add(to);
    };
  };
  const linkWrites = link(writes);
  for (const ofKey of index.keys) {
    for (const [at, { id }] of ofKey.entries()) {
      const next = ofKey[at + 1];
      if (next !== undefined) linkWrites(index.writers.get(id)?.transaction, index.writers.get(next.id)?.transaction);
    }
  }
  const cycle = cycleIn(writes);
  if (cycle !== undefined) return [told('writeCycle', cycle)];
  const all = new Map([...writes].map(([from, behind]) => [from, new Set(behind)]));
  const linkAll = link(all);
  for (const effect of history.effects) {
    const writer = index.writers.get(effect.of)?.transaction;
    if (writer === effect) return [told('informationCycle', [effect])];
    linkAll(writer, effect);
  }
  const informed = cycleIn(all);
  return informed === undefined ? [] : [told('informationCycle', informed)];
}

/** Takes away whoever has nobody before it, as long as there is one (Kahn 1962); among those that are left, one goes round. */
function cycleIn(graph: Graph): readonly HistoryTransaction[] | undefined {
  const before = new Map<HistoryTransaction, number>();
  for (const [from, behind] of graph) {
    if (!before.has(from)) before.set(from, 0);
    for (const to of behind) before.set(to, (before.get(to) ?? 0) + 1);
  }
  const free = [...before].filter(([, many]) => many === 0).map(([transaction]) => transaction);
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    before.delete(next);
    for (const to of graph.get(next) ?? []) {
      const many = (before.get(to) ?? 0) - 1;
      before.set(to, many);
      if (many === 0) free.push(to);
    }
  }
  const [start] = before.keys();
  if (start === undefined) return undefined;
  return goBack(graph, new Set(before.keys()), start);
}

/** Everybody who is left has somebody before it, so that going back comes round. */
function goBack(
  graph: Graph,
  left: ReadonlySet<HistoryTransaction>,
  start: HistoryTransaction,
): readonly HistoryTransaction[] {
  const path: HistoryTransaction[] = [];
  let at: HistoryTransaction | undefined = start;
  while (at !== undefined && !path.includes(at)) {
    const to: HistoryTransaction = at;
    path.push(to);
    at = [...left].find((from) => graph.get(from)?.has(to) === true);
  }
  return (at === undefined ? path : path.slice(path.indexOf(at))).toReversed();
}

function told(kind: 'writeCycle' | 'informationCycle', cycle: readonly HistoryTransaction[]): Anomaly {
  const ids = cycle.flatMap(({ writes }) => writes.map(({ id }) => id));
  const where = [...new Set(cycle.flatMap(({ writes }) => writes.map(({ log }) => log)))].join(', ');
  return { kind, where, ids, told: `${cycle.length} transactions come each before the next: ${ids}` };
}

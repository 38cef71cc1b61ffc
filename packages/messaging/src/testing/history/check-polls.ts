import type { Anomaly } from './anomaly.ts';
import type { History, HistoryEntry, HistoryPoll } from './history.ts';
import { inOrder } from './history-index.ts';

/** Each reader goes forward, and passes nothing by: what stands at or before a mark was there when it was read. */
export function checkPolls({ polls, logs }: History): readonly Anomaly[] {
  const ordered = new Map(Object.entries(logs).map(([log, entries]) => [log, inOrder(entries)]));
  const last = new Map<string, HistoryPoll>();
  return polls.flatMap((poll) => {
    const name = JSON.stringify([poll.reader, poll.log]);
    const before = poll.continues ? last.get(name) : undefined;
    last.set(name, poll);
    return [...checkStart(poll, before), ...checkOrder(poll), ...checkWhole(poll, ordered.get(poll.log) ?? [])];
  });
}

function checkStart(poll: HistoryPoll, before: HistoryPoll | undefined): readonly Anomaly[] {
  if (before === undefined || before.mark === poll.after) return [];
  const kind = poll.after < before.mark ? 'nonmonotonicPoll' : 'skippedPoll';
  return [{ kind, where: poll.reader, ids: [], told: `a poll from ${poll.after} after one up to ${before.mark}` }];
}

function checkOrder({ reader, after, mark, entries }: HistoryPoll): readonly Anomaly[] {
  const found: Anomaly[] = [];
  let reached = after;
  for (const { position, id } of entries) {
    if (position <= reached || position > mark) {
      const told = `${id} at ${position} after ${reached}, in a poll up to ${mark}`;
      found.push({ kind: 'nonmonotonicPoll', where: reader, ids: [id], told });
    }
    reached = Math.max(reached, position);
  }
  return found;
}

function checkWhole(poll: HistoryPoll, log: readonly HistoryEntry[]): readonly Anomaly[] {
  const got = new Set(poll.entries.map(({ id }) => id));
  const found: Anomaly[] = [];
  for (let at = firstBehind(log, poll.after); at < log.length; at += 1) {
    const { position, id } = log[at] as HistoryEntry;
    if (position > poll.mark) break;
    if (got.has(id)) continue;
    const told = `${id} at ${position} was not in the poll of (${poll.after}, ${poll.mark}]`;
    found.push({ kind: 'skippedPoll', where: poll.reader, ids: [id], told });
  }
  return found;
}

/** By halving. */
function firstBehind(log: readonly HistoryEntry[], position: number): number {
  let [low, high] = [0, log.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log[middle]?.position ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

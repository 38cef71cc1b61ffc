import type { Anomaly, AnomalyKind } from './anomaly.ts';
import type { History, HistoryEntry } from './history.ts';
import type { HistoryIndex, HistoryTransaction } from './history-index.ts';
import { inOrder, isEffect } from './history-index.ts';

/** What the logs hold at the end against what was written, and against what anybody has seen. */
export function checkWrites(history: History, index: HistoryIndex): readonly Anomaly[] {
  return [
    ...[...history.units, ...history.effects].flatMap((transaction) => checkTransaction(transaction, index)),
    ...Object.keys(history.logs).flatMap((log) => [
      ...checkPlaces(log, sightingsOf(history, log)),
      ...checkTime(log, history.logs[log] ?? [], index),
    ]),
    ...checkSightings(history, index),
  ];
}

/** All of it is there, or nothing, and in the order in which it was written. */
function checkTransaction(transaction: HistoryTransaction, { places }: HistoryIndex): readonly Anomaly[] {
  const { writes } = transaction;
  const there = writes.filter(({ id }) => places.has(id));
  const missing = writes.filter(({ id }) => !places.has(id));
  const found: Anomaly[] = [];
  const isOk = isEffect(transaction) || transaction.outcome === 'ok';
  if (missing.length > 0 && (there.length > 0 || isEffect(transaction))) {
    const ids = missing.map(({ id }) => id);
    found.push({
      kind: 'tornUnit',
      where: missing[0]?.log ?? '',
      ids,
      told: `without ${ids}, ${there.length} are there`,
    });
  }
  for (const { log, id } of isOk && !isEffect(transaction) ? missing : []) {
    found.push({ kind: 'lostWrite', where: log, ids: [id], told: `${id} was acknowledged` });
  }
  const last = new Map<string, { id: string; position: number }>();
  for (const { log, id } of there) {
    const position = places.get(id)?.position ?? 0;
    const before = last.get(log);
    if (before !== undefined && before.position > position) {
      const told = `${id} at ${position} was written behind ${before.id} at ${before.position}`;
      found.push({ kind: 'reorderedInUnit', where: log, ids: [before.id, id], told });
    }
    last.set(log, { id, position });
  }
  return found;
}

/** Every place in which anybody has seen a message, the end included. */
function sightingsOf({ logs, polls }: History, log: string): readonly HistoryEntry[] {
  return [...(logs[log] ?? []), ...polls.filter((poll) => poll.log === log).flatMap(({ entries }) => entries)];
}

/** One message in one place. */
function checkPlaces(log: string, sightings: readonly HistoryEntry[]): readonly Anomaly[] {
  const found: Anomaly[] = [];
  const idAt = new Map<number, string>();
  const placeOf = new Map<string, number>();
  for (const { position, id } of sightings) {
    const other = idAt.get(position);
    if (other === undefined) idAt.set(position, id);
    else if (other !== id) {
      const told = `${other} and ${id} at ${position}`;
      found.push({ kind: 'inconsistentPosition', where: log, ids: [other, id], told });
    }
    const place = placeOf.get(id);
    if (place === undefined) placeOf.set(id, position);
    else if (place !== position) {
      found.push({ kind: 'duplicate', where: log, ids: [id], told: `${id} at ${place} and ${position}` });
    }
  }
  return found;
}

/** From the end: whatever stands further on must not have been answered before this was begun. */
function checkTime(log: string, entries: readonly HistoryEntry[], { writers }: HistoryIndex): readonly Anomaly[] {
  const found: Anomaly[] = [];
  let first: { id: string; endedMs: number } | undefined;
  for (const { id } of inOrder(entries).toReversed()) {
    const transaction = writers.get(id)?.transaction;
    if (transaction === undefined || isEffect(transaction)) continue;
    const { beganMs, endedMs, outcome } = transaction;
    if (first !== undefined && first.endedMs < beganMs) {
      const told = `${id} was begun at ${beganMs} and stands before ${first.id}, acknowledged at ${first.endedMs}`;
      found.push({ kind: 'reorderedInTime', where: log, ids: [id, first.id], told });
    }
    if (outcome === 'ok' && endedMs < (first?.endedMs ?? Number.POSITIVE_INFINITY)) first = { id, endedMs };
  }
  return found;
}

/** What was seen had been written, was not taken back, and is still there. */
function checkSightings({ logs, polls, effects }: History, { writers, places }: HistoryIndex): readonly Anomaly[] {
  const found: Anomaly[] = [];
  const look = (where: string, id: string, endedMs?: number) => {
    const tell = (kind: AnomalyKind, why: string) =>
      found.push({ kind, where, ids: [id], told: `${where} has seen ${id}, ${why}` });
    const transaction = writers.get(id)?.transaction;
    if (transaction === undefined) return tell('phantom', 'which nobody wrote');
    if (isEffect(transaction)) {
      if (!places.has(id)) tell('vanishedRead', 'which is not in the log');
      return;
    }
    if (transaction.outcome === 'failed') return tell('abortedRead', 'though its unit of work failed');
    if (!places.has(id)) tell('vanishedRead', 'which is not in the log');
    if (endedMs !== undefined && endedMs < transaction.beganMs) tell('prematureRead', 'before it was begun');
  };
  for (const [log, entries] of Object.entries(logs)) for (const { id } of entries) look(log, id);
  for (const { reader, entries, endedMs } of polls) for (const { id } of entries) look(reader, id, endedMs);
  for (const { consumer, of } of effects) look(consumer, of);
  return found;
}

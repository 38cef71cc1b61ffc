import type { History, HistoryEffect, HistoryEntry, HistoryMessage, HistoryUnit } from './history.ts';

/** A transaction that wrote: a writer's unit of work, or a consumer's effect. */
export type HistoryTransaction = HistoryUnit | HistoryEffect;

/** Who wrote a message. */
export interface Writer {
  readonly message: HistoryMessage;
  readonly transaction: HistoryTransaction;
}

/** A history, looked up by message. */
export interface HistoryIndex {
  readonly writers: ReadonlyMap<string, Writer>;
  /** Where each message stands at the end. */
  readonly places: ReadonlyMap<string, { readonly log: string; readonly position: number }>;
  /** The messages of each key of each log that stand there at the end, in order. */
  readonly keys: readonly (readonly HistoryMessage[])[];
}

/** Looks through a history once. */
export function indexOf({ units, effects, logs }: History): HistoryIndex {
  const writers = new Map<string, Writer>();
  for (const transaction of [...units, ...effects]) {
    for (const message of transaction.writes) writers.set(message.id, { message, transaction });
  }
  const places = new Map<string, { log: string; position: number }>();
  const keys = new Map<string, HistoryMessage[]>();
  for (const [log, entries] of Object.entries(logs)) {
    for (const { id, position } of inOrder(entries)) {
      if (places.has(id)) continue;
      places.set(id, { log, position });
      const message = writers.get(id)?.message;
      if (message === undefined) continue;
      const name = JSON.stringify([log, message.key]);
      const ofKey = keys.get(name);
      if (ofKey === undefined) keys.set(name, [message]);
      else ofKey.push(message);
    }
  }
  return { writers, places, keys: [...keys.values()] };
}

/** By position. */
export function inOrder(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  return entries.toSorted((a, b) => a.position - b.position);
}

/** Whether a transaction is a consumer's effect. */
export function isEffect(transaction: HistoryTransaction): transaction is HistoryEffect {
  return 'consumer' in transaction;
}

import type { Anomaly } from './anomaly.ts';
import type { History, HistoryMessage } from './history.ts';
import type { HistoryIndex } from './history-index.ts';

/** Each consumer has applied what it wants: once, and what is of one key in the order of the log. */
export function checkEffects({ effects, acknowledged }: History, { keys }: HistoryIndex): readonly Anomaly[] {
  const found: Anomaly[] = [];
  /** By consumer: at which turn it has applied a message. */
  const turns = new Map<string, Map<string, number>>();
  for (const [turn, { consumer, of }] of effects.entries()) {
    const mine = turns.get(consumer) ?? new Map<string, number>();
    turns.set(consumer, mine);
    if (mine.has(of)) {
      found.push({ kind: 'doubledEffect', where: consumer, ids: [of], told: `${consumer} has applied ${of} again` });
    } else mine.set(of, turn);
  }
  for (const { consumer, of } of acknowledged) {
    if (turns.get(consumer)?.has(of) === true) continue;
    const told = `${consumer} was told that it has applied ${of}`;
    found.push({ kind: 'forgottenEffect', where: consumer, ids: [of], told });
  }
  for (const ofKey of keys) {
    for (const consumer of new Set(ofKey.flatMap(({ wantedBy }) => wantedBy))) {
      const wanted = ofKey.filter(({ wantedBy }) => wantedBy.includes(consumer));
      found.push(...checkKey(consumer, wanted, turns.get(consumer) ?? new Map()));
    }
  }
  return found;
}

function checkKey(
  consumer: string,
  wanted: readonly HistoryMessage[],
  turns: ReadonlyMap<string, number>,
): readonly Anomaly[] {
  const found: Anomaly[] = [];
  const reached = wanted.findLastIndex(({ id }) => turns.has(id));
  let last: { id: string; turn: number } | undefined;
  for (const [at, { id, key }] of wanted.entries()) {
    const turn = turns.get(id);
    if (turn === undefined) {
      const kind = at < reached ? 'skippedEffect' : 'unseen';
      found.push({ kind, where: consumer, ids: [id], told: `${consumer} has not applied ${id} of ${key}` });
      continue;
    }
    if (last !== undefined && turn < last.turn) {
      const told = `${consumer} has applied ${id} of ${key} before ${last.id}`;
      found.push({ kind: 'reorderedEffect', where: consumer, ids: [last.id, id], told });
    }
    last = { id, turn };
  }
  return found;
}

import type { WrittenEvent } from './evolve.ts';
import { currentData } from './evolve.ts';
import type { AnyProjection } from './projection.ts';

/** The rows of a projection by their ids; null where there is none (any more). */
export type Rows = Map<string, unknown>;

/** The ids of the rows that events are folded into. */
export function idsOf(projection: AnyProjection, events: readonly WrittenEvent[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const written of events) {
    const step = projection.steps.get(written.type);
    if (step?.kind === 'fold') ids.add(step.idOf(currentData(step.event, written) as never));
  }
  return ids;
}

/** Folds an event into the rows; the id of the row that it changed, or undefined. */
export function foldInto(projection: AnyProjection, rows: Rows, written: WrittenEvent): string | undefined {
  const step = projection.steps.get(written.type);
  if (step?.kind !== 'fold') return undefined;
  const data = currentData(step.event, written) as never;
  const id = step.idOf(data);
  const after = step.fold((rows.get(id) ?? undefined) as never, data);
  if (after === undefined) return undefined;
  rows.set(id, after);
  return id;
}

/** The row that a stream's events make, without a table: what `live` projections are read by. */
export function foldedRow<Row>(
  projection: AnyProjection & { readonly types?: { readonly row: Row; readonly tx: unknown } },
  id: string,
  events: readonly WrittenEvent[],
): Row | undefined {
  const rows: Rows = new Map();
  for (const written of events) foldInto(projection, rows, written);
  return (rows.get(id) ?? undefined) as Row | undefined;
}

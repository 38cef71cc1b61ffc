import type { WrittenEvent } from '@dure/event-sourcing';
import { openData, sealedSubjects } from '@dure/event-sourcing';
import type { TxInside } from '../transaction.ts';

/** Events with what is encrypted in them made readable, as far as its subjects are not forgotten. */
export async function readable<E extends WrittenEvent>(
  { db, keys }: TxInside,
  events: readonly E[],
): Promise<readonly E[]> {
  const subjects = [...new Set(events.flatMap(({ data }) => sealedSubjects(data)))];
  if (subjects.length === 0) return events;
  const found = await keys.open(db, subjects);
  return events.map((event) => ({ ...event, data: openData(event.type, event.data, found) }));
}

import type { Transaction } from 'kysely';
import { sql } from 'kysely';

/** Locks the heads of streams until the transaction ends, in the order in which a flush does. */
export async function lockHeads(db: Transaction<unknown>, streams: readonly string[]): Promise<void> {
  if (streams.length === 0) return;
  await sql`select from dure.stream where stream = any (${streams}) order by stream collate "C" for update`.execute(db);
}

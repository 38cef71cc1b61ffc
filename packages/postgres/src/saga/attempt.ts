import { isRefusal } from '@dure/core';
import { sql } from 'kysely';
import { isCollision } from '../sql-state.ts';
import type { TxInside } from '../transaction.ts';
import { startsOf } from './start-saga.ts';

/** How a part of a transaction ended. */
export type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/**
 * Runs a part of a transaction in a savepoint. When it throws, its statements, messages, timers and sagas are taken back. What
 * ends a transaction as a whole (a collision, a caller who left, a lost connection) is passed through.
 */
export async function attempt<T>(inside: TxInside, savepoint: string, work: () => Promise<T>): Promise<Attempt<T>> {
  const { db, buffer, call } = inside;
  const started = startsOf(inside).length;
  const takeBack = buffer.checkpoint();
  const name = sql.id(savepoint);
  const begun = sql`savepoint ${name}`.execute(db);
  begun.catch(() => undefined);
  try {
    const value = await work();
    await begun;
    return { ok: true, value };
  } catch (error) {
    if (!isRefusal(error) && (isCollision(error) || call.signal.aborted)) throw error;
    await sql`rollback to savepoint ${name}`.execute(db);
    takeBack();
    for (const values of startsOf(inside).slice(started)) values[0] = null;
    return { ok: false, error };
  }
}

import type { FlowStore, WatchedFlow } from '@dure/saga';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';

/**
 * Instances of flows in the database of the service that watches over them.
 *
 * @example
 * const watcher = flowWatcher({ …, store: postgresFlowStore(), unitOfWork: db });
 */
export function postgresFlowStore(): FlowStore<Tx> {
  return {
    async see(tx, { flow, correlation, lastEvent, lastAt, dueAt = null, ends }) {
      await sql`
        insert into dure.flow as f (flow, correlation, last_event, last_at, due_at, ended)
        values (${flow}, ${correlation}, ${lastEvent}, ${at(lastAt)}, ${dueAt === null ? null : at(dueAt)}, ${ends})
        on conflict (flow, correlation) do update set
          last_event = case when excluded.last_at >= f.last_at then excluded.last_event else f.last_event end,
          last_at = greatest(f.last_at, excluded.last_at),
          due_at = coalesce(f.due_at, excluded.due_at), ended = f.ended or excluded.ended`.execute(tx.db);
    },
    async stalled(tx, now, limit) {
      const { rows } = await sql<{ [Key in keyof WatchedFlow as Snake<Key>]: WatchedFlow[Key] }>`
        update dure.flow f set told = true
        from (
          select flow, correlation from dure.flow
          where due_at <= ${at(now)} and not ended and not told order by due_at limit ${limit} for update skip locked
        ) due
        where f.flow = due.flow and f.correlation = due.correlation
        returning f.flow, f.correlation, f.last_event, f.last_at`.execute(tx.db);
      return rows.map(({ flow, correlation, last_event: lastEvent, last_at: lastAt }) => {
        return { flow, correlation, lastEvent, lastAt };
      });
    },
    async forget(tx, before) {
      await sql`delete from dure.flow where last_at < ${at(before)} and (ended or told)`.execute(tx.db);
    },
  };
}

type Snake<Key extends string> = Key extends 'lastEvent' ? 'last_event' : Key extends 'lastAt' ? 'last_at' : Key;

function at(epochMs: number) {
  return sql`to_timestamp(${epochMs}::double precision / 1000)`;
}

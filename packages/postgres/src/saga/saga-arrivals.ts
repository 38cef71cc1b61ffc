import type { SagaArrival, SagaStore } from '@dure/saga';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';

/** The part of a saga store that is about the events that instances wait for. */
export const arrivals: Pick<SagaStore<Tx>, 'remember' | 'arrival' | 'waiting' | 'forget'> = {
  async remember(tx, { event, key, data, at }) {
    await sql`
      insert into dure.saga_arrival (event, key, data, at)
      values (${event}, ${key}, ${JSON.stringify(data)}::jsonb, to_timestamp(${at}::double precision / 1000))
      on conflict (event, key) do update set data = excluded.data, at = excluded.at`.execute(tx.db);
  },
  async arrival(tx, event, key, since) {
    const { rows } = await sql<SagaArrival>`
      select event, key, data, at from dure.saga_arrival
      where event = ${event} and key = ${key} and at >= to_timestamp(${since}::double precision / 1000)`.execute(tx.db);
    return rows[0];
  },
  async waiting(tx, event, key) {
    const { rows } = await sql<{ readonly saga_id: string }>`
      select saga_id from dure.saga_wait where event = ${event} and key = ${key} order by saga_id`.execute(tx.db);
    return rows.map(({ saga_id }) => saga_id);
  },
  async forget(tx, before) {
    await sql`delete from dure.saga_arrival where at < to_timestamp(${before}::double precision / 1000)`.execute(tx.db);
  },
};

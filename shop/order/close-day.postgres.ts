import type { JobContext } from '@dure/jobs';
import { job } from '@dure/jobs';
import type { Tx } from '@dure/postgres';
import { sql } from '@dure/postgres';
import type { OrderTables } from './orders.postgres.ts';

// region scheduled
/** Five minutes after each day has ended in Seoul, sums up what was sold on it. */
export const closeDay = job('close-day', {
  schedule: { cron: '5 0 * * *', zone: 'Asia/Seoul' },
  run: async ({ tx, at }: JobContext<Tx<OrderTables>>) => {
    const { rows } = await sql<{ day: string; orders: number; total: number }>`
      with ended as (select (to_timestamp(${at}::float8 / 1000) at time zone 'Asia/Seoul')::date - 1 as day)
      insert into daily_sales (day, orders, total)
      select ended.day, count(o.order_id), coalesce(sum(o.total), 0)
      from ended left join orders o on o.state = 'confirmed' and (o.decided_at at time zone 'Asia/Seoul')::date = ended.day
      group by ended.day
      on conflict (day) do update set orders = excluded.orders, total = excluded.total
      returning day::text, orders, total`.execute(tx.db);
    return { done: rows[0] };
  },
});
// endregion

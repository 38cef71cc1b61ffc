import type { JobContext } from '@dure/jobs';
import { job } from '@dure/jobs';
import type { Tx } from '@dure/postgres';
import { sql } from '@dure/postgres';
import type { OrderTables } from './orders.postgres.ts';

const chunkSize = 500;

interface Progress {
  /** The last order that was looked at. */
  readonly after: string;
  readonly orders: number;
  readonly corrected: number;
}

// region one-off
/** `dure run order.rebuild-totals`: computes the totals of all orders anew from their lines, five hundred at a time. */
export const rebuildTotals = job('rebuild-totals', {
  run: async ({ tx }: JobContext<Tx<OrderTables>>, from?: Progress) => {
    const { after = null, orders = 0, corrected = 0 } = from ?? {};
    const { rows } = await sql<{ last: string | null; orders: number; corrected: number }>`
      with chunk as (
        select order_id from orders where ${after}::uuid is null or order_id > ${after} order by order_id limit ${chunkSize}),
      summed as (
        select order_id, sum(quantity * price)::bigint as total from order_line
        where order_id in (select order_id from chunk) group by order_id),
      changed as (
        update orders o set total = summed.total from summed
        where o.order_id = summed.order_id and o.total <> summed.total returning o.order_id)
      select (select order_id from chunk order by order_id desc limit 1) as last,
        (select count(*) from chunk) as orders, (select count(*) from changed) as corrected`.execute(tx.db);
    const [chunk] = rows;
    const sums = { orders: orders + (chunk?.orders ?? 0), corrected: corrected + (chunk?.corrected ?? 0) };
    const last = chunk?.last ?? null;
    return last === null ? { done: sums } : { more: { after: last, ...sums } };
  },
});
// endregion

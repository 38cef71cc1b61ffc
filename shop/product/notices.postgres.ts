import type { Kysely, Tx } from '@dure/postgres';
import { reaction } from '@dure/service/server';
import { notBrought } from '@shop/delivery/contract';
import { ranLow, restocked } from '@shop/inventory/contract';
import type { ProductTables } from './products.postgres.ts';

type ProductTx = Tx<ProductTables>;

// region notices
/** "Few left, more is coming" is said as soon as something runs low … */
const give = reaction('product.giveNotice', {
  flow: 'restocking',
  when: ranLow,
  undoneBy: notBrought,
  run: async ({ sku, round, left }, _call, tx: ProductTx) => {
    await tx.db
      .insertInto('notice')
      .values({ sku, round, left_over: left, state: 'coming' })
      .onConflict((known) => known.columns(['sku', 'round']).doUpdateSet({ left_over: left }))
      .execute();
  },
});

/** … and taken back when it turns out that nothing comes. */
const withdraw = reaction('product.withdrawNotice', {
  flow: 'restocking',
  when: notBrought,
  undoes: 'product.giveNotice',
  run: ({ sku, round }, _call, tx: ProductTx) => settle(tx, sku, round, 'withdrawn'),
});
// endregion

const end = reaction('product.endNotice', {
  flow: 'restocking',
  when: restocked,
  run: ({ sku, round }, _call, tx: ProductTx) => settle(tx, sku, round, 'over'),
});

/** The product service's part in `restocking`. */
export const noticeReactions = [give, withdraw, end];

/** It may come before the notice itself, which then says nothing any more. */
async function settle(tx: ProductTx, sku: string, round: number, state: 'withdrawn' | 'over'): Promise<void> {
  await tx.db
    .insertInto('notice')
    .values({ sku, round, left_over: null, state })
    .onConflict((known) => known.columns(['sku', 'round']).doUpdateSet({ state }))
    .execute();
}

/** The notices that stand, the newest first. */
export async function standingNotices(db: Kysely<ProductTables>) {
  const rows = await db
    .selectFrom('notice')
    .select(['sku', 'left_over', 'at'])
    .where('state', '=', 'coming')
    .orderBy('at', 'desc')
    .orderBy('sku')
    .limit(100)
    .execute();
  return rows.map(({ sku, left_over: left, at }) => ({ sku, left: left ?? 0, since: new Date(at).toISOString() }));
}

import type { Generated, Tx } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import { reaction, service } from '@dure/service/server';
import { depotRefused, depotSent, restocking, stock, stockRanLow, stockRefilled } from '../contracts.ts';

interface Tables {
  readonly shelf: { readonly sku: string; readonly left_over: number; readonly expected: Generated<number> };
}
type StockTx = Tx<Tables>;

const lot = 20;
const little = 3;

// region reactions
/** What ran low is expected to come, until it comes or the depot refuses. */
const expect = reaction('stock.expect', {
  flow: 'restocking',
  when: stockRanLow,
  undoneBy: depotRefused,
  run: ({ sku }, _call, tx: StockTx) => change(tx, sku, { expected: lot }),
});

const expectNothing = reaction('stock.expectNothing', {
  flow: 'restocking',
  when: depotRefused,
  undoes: 'stock.expect',
  run: ({ sku }, _call, tx: StockTx) => change(tx, sku, { expected: 0 }),
});

const refill = reaction('stock.refill', {
  flow: 'restocking',
  when: depotSent,
  emits: [stockRefilled],
  run: async ({ sku, count }, _call, tx: StockTx, emit) => {
    await change(tx, sku, { left_over: (await leftOf(tx, sku)) + count, expected: 0 });
    emit(stockRefilled, { sku, count });
  },
});
// endregion

/** Shelves. It answers for the flow that fills them, and so it watches over it. */
export const stockService = service({
  contract: stock,
  database: migrations<Tables>(import.meta.dirname),
  reactions: [expect, expectNothing, refill],
  flows: [restocking],
  start: ({ db }) => ({
    sell: ({ body: { sku, count } }, call) =>
      db.uow(call, async (tx) => {
        const left = (await leftOf(tx, sku)) - count;
        await change(tx, sku, { left_over: left });
        if (left < little) tx.emit(stockRanLow, { sku, count: lot });
      }),
    getShelf: async ({ params: { sku } }) => {
      const row = await db.read.selectFrom('shelf').selectAll().where('sku', '=', sku).executeTakeFirstOrThrow();
      return { left: row.left_over, expected: row.expected };
    },
  }),
});

async function leftOf(tx: StockTx, sku: string): Promise<number> {
  const shelf = tx.db.selectFrom('shelf').select('left_over').where('sku', '=', sku).forUpdate();
  return (await shelf.executeTakeFirstOrThrow()).left_over;
}

async function change(tx: StockTx, sku: string, to: { left_over?: number; expected?: number }): Promise<void> {
  await tx.db.updateTable('shelf').set(to).where('sku', '=', sku).execute();
}

import type { Call } from '@dure/core';
import type { Tx } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import { on, service } from '@dure/service/server';
import { productAdded } from '@shop/product/contract';
import { inventory } from './contract.ts';
import type { Line } from './domain/reservation.ts';
import { decideReservation } from './domain/reservation.ts';
import type { InventoryTables } from './stock.postgres.ts';
import { postgresStocks } from './stock.postgres.ts';

/** Stock and reservations. A product that comes into the catalogue gets an empty shelf. */
export const inventoryService = service({
  contract: inventory,
  database: migrations<InventoryTables>(import.meta.dirname),
  reactions: [
    on(productAdded, async ({ sku }, _call: Call, tx: Tx<InventoryTables>) => postgresStocks(tx.db).create(sku)),
  ],
  start: ({ db, ids }) => ({
    getStock: async ({ params }) => {
      const [stock] = await postgresStocks(db.read).find([params.sku]);
      if (stock === undefined) throw inventory.refuse.getStock.UnknownSku({ sku: params.sku });
      return stock;
    },
    listStock: async ({ query }) => {
      const skus = query.skus.split(',').map((sku) => sku.trim());
      return { stock: [...(await postgresStocks(db.read).find(skus.filter((sku) => sku !== '')))] };
    },
    supply: ({ params, body }, call) =>
      db.uow(call, async (tx) => {
        const stock = await postgresStocks(tx.db).supply(ids.uuid(), { sku: params.sku, quantity: body.quantity });
        if (stock === undefined) throw inventory.refuse.supply.UnknownSku({ sku: params.sku });
        return stock;
      }),
    reserve: (order, _call, tx) => reserve(order, tx),
    release: async ({ orderId }, _call, tx) => void (await postgresStocks(tx.db).settle(orderId, 'released')),
    sell: async ({ orderId }, _call, tx) => void (await postgresStocks(tx.db).settle(orderId, 'sold')),
  }),
});

async function reserve(
  { orderId, lines }: { readonly orderId: string; readonly lines: readonly Line[] },
  tx: Tx<InventoryTables>,
): Promise<{ orderId: string }> {
  const stocks = postgresStocks(tx.db);
  if (await stocks.isKnown(orderId)) return { orderId };
  const shelves = await stocks.lock(lines.map(({ sku }) => sku));
  const decision = decideReservation(lines, new Map(shelves.map(({ sku, available }) => [sku, available])));
  if (decision.kind === 'out-of-stock') {
    throw inventory.refuse.reserve.OutOfStock({ sku: decision.sku, available: decision.available });
  }
  await stocks.reserve(orderId, decision.lines);
  return { orderId };
}

import type { Call } from '@dure/core';
import { repository } from '@dure/event-sourcing';
import { flow } from '@dure/messaging';
import type { Kysely, Tx } from '@dure/postgres';
import { migrations, postgresEventStore } from '@dure/postgres';
import { on, reaction, service } from '@dure/service/server';
import { brought, notBrought } from '@shop/delivery/contract';
import { productAdded } from '@shop/product/contract';
import { inventory, ranLow, restocked } from './contract.ts';
import type { Line } from './domain/merge-lines.ts';
import { mergeLines } from './domain/merge-lines.ts';
import { stock } from './domain/stock.ts';
import type { InventoryTables } from './read-models.ts';
import { reservedLine, shelf } from './read-models.ts';

type InventoryTx = Tx<InventoryTables>;

const stocks = repository(stock, { service: inventory.name, store: postgresEventStore<InventoryTables>() });

// region restocking
/** Nobody leads it: something runs low, whoever brings it brings it or cannot, and it is on the shelf again or stays low. */
const restocking = flow('restocking', {
  starts: ranLow,
  ends: [restocked, notBrought],
  fails: [notBrought],
  withinMs: 60_000,
});

const putOnShelf = reaction('inventory.putOnShelf', {
  flow: 'restocking',
  when: brought,
  emits: [restocked],
  run: async ({ sku, round, quantity }, _call, tx: InventoryTx, emit) => {
    await stocks.decide(tx, 'supply', { sku, quantity });
    emit(restocked, { sku, round, quantity });
  },
});
// endregion

/** Stock and reservations, by what has happened to them. A product that comes into the catalogue gets an empty shelf. */
export const inventoryService = service({
  contract: inventory,
  database: migrations<InventoryTables>(import.meta.dirname),
  projections: [shelf, reservedLine],
  reactions: [
    on(
      productAdded,
      async ({ sku }, _call: Call, tx: InventoryTx) => void (await stocks.decide(tx, 'shelve', { sku })),
    ),
    putOnShelf,
  ],
  flows: [restocking],
  start: ({ db }) => ({
    getStock: async ({ params }) => {
      const [found] = await shelves(db.read, [params.sku]);
      if (found === undefined) throw inventory.refuse.getStock.UnknownSku({ sku: params.sku });
      return found;
    },
    listStock: async ({ query }) => {
      const skus = query.skus.split(',').map((sku) => sku.trim());
      const wanted = skus.filter((sku) => sku !== '');
      return { stock: await shelves(db.read, wanted) };
    },
    supply: ({ params: { sku }, body: { quantity } }, call) =>
      db.uow(call, async (tx) => {
        const { available } = await stocks.decide(tx, 'supply', { sku, quantity });
        return { sku, available };
      }),
    restock: ({ lines }, _call, tx) => restock(lines, tx),
    reserve: (order, _call, tx) => reserve(order, tx),
    release: ({ orderId }, _call, tx) => settle(orderId, 'release', tx),
    sell: ({ orderId }, _call, tx) => settle(orderId, 'sell', tx),
  }),
});

async function restock(lines: readonly Line[], tx: InventoryTx) {
  const merged = mergeLines(lines);
  const shelves = await stocks.decideAll(tx, 'supply', merged);
  return { stock: merged.map(({ sku }, index) => ({ sku, available: shelves[index]?.available ?? 0 })) };
}

async function reserve(
  { orderId, lines }: { readonly orderId: string; readonly lines: readonly Line[] },
  tx: InventoryTx,
): Promise<{ orderId: string }> {
  const known = await tx.db
    .selectFrom('reserved_line')
    .select('line')
    .where('order_id', '=', orderId)
    .limit(1)
    .execute();
  if (known.length === 0) {
    const wanted = mergeLines(lines).map((line) => ({ ...line, orderId }));
    await stocks.decideAll(tx, 'reserve', wanted);
  }
  return { orderId };
}

/** Puts what an order has set aside back on the shelf, or out of it. */
async function settle(orderId: string, decision: 'release' | 'sell', tx: InventoryTx): Promise<void> {
  const held = await tx.db
    .selectFrom('reserved_line')
    .select('sku')
    .where('order_id', '=', orderId)
    .where('state', '=', 'reserved')
    .orderBy('sku')
    .execute();
  await stocks.decideAll(
    tx,
    decision,
    held.map(({ sku }) => ({ sku, orderId })),
  );
}

function shelves(db: Kysely<InventoryTables>, skus: readonly string[]): Promise<{ sku: string; available: number }[]> {
  if (skus.length === 0) return Promise.resolve([]);
  return db.selectFrom('shelf').select(['sku', 'available']).where('sku', 'in', skus).orderBy('sku').execute();
}

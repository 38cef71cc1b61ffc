import type { Generated, Kysely } from '@dure/postgres';
import { sql } from '@dure/postgres';
import type { Line } from './domain/reservation.ts';

/** The tables of the inventory service. */
export interface InventoryTables {
  readonly stock: {
    readonly sku: string;
    readonly supplied: Generated<number>;
    readonly available: Generated<number>;
    readonly reserved: Generated<number>;
    readonly sold: Generated<number>;
  };
  readonly supply: {
    readonly supply_id: string;
    readonly sku: string;
    readonly quantity: number;
    readonly at: Generated<number>;
  };
  readonly reservation: {
    readonly order_id: string;
    readonly state: 'reserved' | 'released' | 'sold';
    readonly changed_at: Generated<number>;
  };
  readonly reservation_line: { readonly order_id: string; readonly sku: string; readonly quantity: number };
}

type Shelf = { readonly sku: string; readonly available: number };

/** Stock and reservations as they are stored. */
export interface Stocks {
  /** Those of the products that have a stock row, in order of SKU. */
  find(skus: readonly string[]): Promise<readonly Shelf[]>;
  /** The same, locked in order of SKU until the transaction ends. */
  lock(skus: readonly string[]): Promise<readonly Shelf[]>;
  /** Makes an empty stock row unless there is one. */
  create(sku: string): Promise<void>;
  /** Puts more on the shelf; undefined when there is no such row. */
  supply(supplyId: string, line: Line): Promise<Shelf | undefined>;
  /** Whether the order ever reserved anything. */
  isKnown(orderId: string): Promise<boolean>;
  /** Sets the lines aside. The rows are locked and suffice. */
  reserve(orderId: string, lines: readonly Line[]): Promise<void>;
  /** Moves what the order reserved back to the shelf, or out of it; false when nothing is reserved for it. */
  settle(orderId: string, outcome: 'released' | 'sold'): Promise<boolean>;
}

/** Stock and reservations in PostgreSQL; give the transaction to change them. */
export function postgresStocks(db: Kysely<InventoryTables>): Stocks {
  const shelves = (skus: readonly string[]) =>
    db.selectFrom('stock').select(['sku', 'available']).where('sku', 'in', skus).orderBy('sku');
  return {
    find: (skus) => (skus.length === 0 ? Promise.resolve([]) : shelves(skus).execute()),
    lock: (skus) => shelves(skus).forUpdate().execute(),
    async create(sku) {
      await db
        .insertInto('stock')
        .values({ sku })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async supply(supplyId, { sku, quantity }) {
      const shelf = await db
        .updateTable('stock')
        .set((column) => ({
          supplied: column('supplied', '+', quantity),
          available: column('available', '+', quantity),
        }))
        .where('sku', '=', sku)
        .returning(['sku', 'available'])
        .executeTakeFirst();
      if (shelf === undefined) return undefined;
      await db.insertInto('supply').values({ supply_id: supplyId, sku, quantity }).execute();
      return shelf;
    },
    async isKnown(orderId) {
      const row = await db.selectFrom('reservation').select('state').where('order_id', '=', orderId).executeTakeFirst();
      return row !== undefined;
    },
    async reserve(orderId, lines) {
      await db.insertInto('reservation').values({ order_id: orderId, state: 'reserved' }).execute();
      await db
        .insertInto('reservation_line')
        .values(lines.map(({ sku, quantity }) => ({ order_id: orderId, sku, quantity })))
        .execute();
      await sql`update stock as s set available = s.available - l.quantity, reserved = s.reserved + l.quantity
        from reservation_line as l where l.order_id = ${orderId} and l.sku = s.sku`.execute(db);
    },
    settle: (orderId, outcome) => settle(db, orderId, outcome),
  };
}

async function settle(db: Kysely<InventoryTables>, orderId: string, outcome: 'released' | 'sold'): Promise<boolean> {
  const held = await db
    .updateTable('reservation')
    .set({ state: outcome, changed_at: sql<number>`dure.now()` })
    .where('order_id', '=', orderId)
    .where('state', '=', 'reserved')
    .returning('order_id')
    .executeTakeFirst();
  if (held === undefined) return false;
  // Locked in order of SKU first, so that two orders with the same products cannot wait for each other.
  await sql`select from stock where sku in (select sku from reservation_line where order_id = ${orderId})
    order by sku for update`.execute(db);
  const to = sql.ref(outcome === 'sold' ? 'sold' : 'available');
  await sql`update stock as s set reserved = s.reserved - l.quantity, ${to} = s.${to} + l.quantity
    from reservation_line as l where l.order_id = ${orderId} and l.sku = s.sku`.execute(db);
  return true;
}

import type { Generated, Kysely, Selectable } from '@dure/postgres';
import { sql } from '@dure/postgres';
import type { z } from 'zod';
import type { Order, Rejection } from './contract.ts';
import type { PricedLine } from './domain/order.ts';

/** The tables of the order service. */
export interface OrderTables {
  readonly orders: OrdersTable;
  readonly order_line: LineTable;
}

interface OrdersTable {
  readonly order_id: string;
  readonly customer_id: string;
  readonly state: Generated<'pending' | 'confirmed' | 'rejected'>;
  readonly reason: Why['reason'] | null;
  readonly reason_data: Why['data'] | null;
  /** Won. */
  readonly total: number;
  readonly shipment_id: string | null;
  readonly placed_at: Generated<number>;
  readonly decided_at: number | null;
}

interface LineTable {
  readonly order_id: string;
  readonly sku: string;
  readonly quantity: number;
  /** Won, for one. */
  readonly price: number;
}

type View = z.output<typeof Order>;
type Why = z.output<typeof Rejection>;

/** An order before anything has been decided. */
export interface NewOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly lines: readonly PricedLine[];
  /** Won. */
  readonly total: number;
}

/** Orders as they are stored. */
export interface Orders {
  insert(order: NewOrder): Promise<void>;
  /** The order if it is this customer's. */
  find(orderId: string, customerId: string): Promise<View | undefined>;
  /** At most `limit` of the customer's orders that are older than the given one, latest first. */
  before(orderId: string | undefined, customerId: string, limit: number): Promise<readonly View[]>;
  /** Confirms a pending order and answers whose it is; undefined when it had been decided before. */
  confirm(orderId: string, shipmentId: string): Promise<string | undefined>;
  /** Rejects a pending order and answers whose it is; undefined when it had been decided before. */
  reject(orderId: string, why: Why): Promise<string | undefined>;
}

/** Orders in PostgreSQL; give the transaction to change them. */
export function postgresOrders(db: Kysely<OrderTables>): Orders {
  const ofCustomer = (customerId: string) =>
    db.selectFrom('orders').selectAll().where('customer_id', '=', customerId).orderBy('order_id', 'desc');
  return {
    async insert({ orderId, customerId, lines, total }) {
      await db.insertInto('orders').values({ order_id: orderId, customer_id: customerId, total }).execute();
      const rows = lines.map(({ sku, quantity, price }) => ({ order_id: orderId, sku, quantity, price }));
      await db.insertInto('order_line').values(rows).execute();
    },
    async find(orderId, customerId) {
      const rows = await ofCustomer(customerId).where('order_id', '=', orderId).execute();
      return (await withLines(db, rows))[0];
    },
    async before(orderId, customerId, limit) {
      const all = ofCustomer(customerId).limit(limit);
      return withLines(db, await (orderId === undefined ? all : all.where('order_id', '<', orderId)).execute());
    },
    confirm: (orderId, shipmentId) => decide(db, orderId, { state: 'confirmed', shipment_id: shipmentId }),
    reject: (orderId, { reason, data }) =>
      decide(db, orderId, { state: 'rejected', reason, reason_data: sql`${JSON.stringify(data)}::jsonb` }),
  };
}

async function decide(
  db: Kysely<OrderTables>,
  orderId: string,
  decision: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const row = await db
    .updateTable('orders')
    .set({ ...decision, decided_at: sql<number>`dure.now()` })
    .where('order_id', '=', orderId)
    .where('state', '=', 'pending')
    .returning('customer_id')
    .executeTakeFirst();
  return row?.customer_id;
}

async function withLines(db: Kysely<OrderTables>, rows: readonly Selectable<OrdersTable>[]): Promise<readonly View[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.order_id);
  const lines = await db.selectFrom('order_line').selectAll().where('order_id', 'in', ids).orderBy('sku').execute();
  return rows.map((row) =>
    viewOf(
      row,
      lines.filter((line) => line.order_id === row.order_id),
    ),
  );
}

function viewOf(row: Selectable<OrdersTable>, lines: readonly LineTable[]): View {
  return {
    orderId: row.order_id,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason, reasonData: row.reason_data ?? {} }),
    lines: lines.map(({ sku, quantity, price }) => ({ sku, quantity, price: won(price) })),
    total: won(row.total),
    placedAt: new Date(row.placed_at).toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: new Date(row.decided_at).toISOString() }),
    ...(row.shipment_id === null ? {} : { shipmentId: row.shipment_id }),
  };
}

function won(amount: number) {
  return { amount, currency: 'KRW' as const };
}

import { projection } from '@dure/event-sourcing';
import { z } from 'zod';
import { released, reserved, shelved, sold, supplied } from './contract.ts';

/** The tables that are made of the inventory's events. */
export interface InventoryTables {
  readonly shelf: z.infer<typeof Shelf>;
  readonly reserved_line: z.infer<typeof ReservedLine>;
}

const Shelf = z.object({
  sku: z.string(),
  supplied: z.int(),
  available: z.int(),
  reserved: z.int(),
  sold: z.int(),
});

// region shelf
/** What there is of each product: supplied = available + reserved + sold. */
export const shelf = projection('shelf', { mode: 'inline', id: 'sku', row: Shelf })
  .on(shelved, (row, { sku }) => row ?? { sku, supplied: 0, available: 0, reserved: 0, sold: 0 })
  .on(supplied, (row, { quantity }) => {
    return row && { ...row, supplied: row.supplied + quantity, available: row.available + quantity };
  })
  .on(reserved, (row, { quantity }) => {
    return row && { ...row, available: row.available - quantity, reserved: row.reserved + quantity };
  })
  .on(released, (row, { quantity }) => {
    return row && { ...row, available: row.available + quantity, reserved: row.reserved - quantity };
  })
  .on(sold, (row, { quantity }) => row && { ...row, reserved: row.reserved - quantity, sold: row.sold + quantity });
// endregion

const ReservedLine = z.object({
  line: z.string(),
  order_id: z.string(),
  sku: z.string(),
  quantity: z.int(),
  state: z.enum(['reserved', 'released', 'sold']),
});

const lineOf = ({ orderId, sku }: { readonly orderId: string; readonly sku: string }) => `${orderId}/${sku}`;

/** What each order has set aside, and what became of it. */
export const reservedLine = projection('reserved-line', {
  mode: 'inline',
  id: 'line',
  row: ReservedLine,
  indexes: ['order_id', 'sku'],
})
  .on(
    reserved,
    (_row, data) => {
      const { orderId, sku, quantity } = data;
      return { line: lineOf(data), order_id: orderId, sku, quantity, state: 'reserved' as const };
    },
    lineOf,
  )
  .on(released, (row) => row && { ...row, state: 'released' as const }, lineOf)
  .on(sold, (row) => row && { ...row, state: 'sold' as const }, lineOf);

import { aggregate, fact } from '@dure/event-sourcing';
import { inventory, released, reserved, shelved, sold, supplied, UnknownSku } from '../contract.ts';

/** The stock of one product, as far as anything is decided by it. */
export interface Stock {
  /** Whether the product has a shelf. */
  readonly known: boolean;
  /** How many can be bought. */
  readonly available: number;
  /** How many are set aside, by order; settled orders are gone. */
  readonly held: Readonly<Record<string, number>>;
}

interface OrderOf {
  readonly sku: string;
  readonly orderId: string;
}

const none: Stock = { known: false, available: 0, held: {} };

// region stock
/** A product's stock: its streams hold every movement there ever was. */
export const stock = aggregate('stock', { id: 'sku', initial: () => none, snapshotEvery: 100 })
  .on(shelved, (state) => ({ ...state, known: true }))
  .on(supplied, (state, { quantity }) => ({ ...state, available: state.available + quantity }))
  .on(reserved, ({ known, available, held }, { orderId, quantity }) => {
    return { known, available: available - quantity, held: { ...held, [orderId]: quantity } };
  })
  .on(released, (state, { orderId, quantity }) => ({
    ...without(state, orderId),
    available: state.available + quantity,
  }))
  .on(sold, (state, { orderId }) => without(state, orderId))
  .handle('shelve', (input: { readonly sku: string }, { known }) => (known ? [] : fact(shelved, input)))
  .handle({ ...supply('supply'), refuses: { UnknownSku } }, (input, { known }, fail) =>
    known ? fact(supplied, input) : fail.UnknownSku({ sku: input.sku }),
  )
  .handle({ ...order('reserve'), refuses: inventory.commands.reserve.refuses }, (input, { available, held }, fail) => {
    if (held[input.orderId] !== undefined) return [];
    return available < input.quantity ? fail.OutOfStock({ sku: input.sku, available }) : fact(reserved, input);
  })
  .handle('release', ({ sku, orderId }: OrderOf, { held: { [orderId]: quantity } }) =>
    quantity === undefined ? [] : fact(released, { sku, orderId, quantity }),
  )
  .handle('sell', ({ sku, orderId }: OrderOf, { held: { [orderId]: quantity } }) =>
    quantity === undefined ? [] : fact(sold, { sku, orderId, quantity }),
  );
// endregion

function supply<const Name extends string>(name: Name) {
  return { name, input: supplied.schema };
}

function order<const Name extends string>(name: Name) {
  return { name, input: reserved.schema };
}

function without(state: Stock, orderId: string): Stock {
  const { [orderId]: _, ...held } = state.held;
  return { ...state, held };
}

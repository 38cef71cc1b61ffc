import { aggregate, fact } from '@dure/event-sourcing';
import { inventory, ranLow, released, reserved, shelved, sold, supplied, UnknownSku } from '../contract.ts';

/** The stock of one product, as far as anything is decided by it. */
export interface Stock {
  /** Whether the product has a shelf. */
  readonly known: boolean;
  /** How many can be bought. */
  readonly available: number;
  /** How many are set aside, by order; settled orders are gone. */
  readonly held: Readonly<Record<string, number>>;
  /** How often it has run low. */
  readonly rounds: number;
}

interface OrderOf {
  readonly sku: string;
  readonly orderId: string;
}

const none: Stock = { known: false, available: 0, held: {}, rounds: 0 };
/** Fewer than these are little, and this many more are wanted then. */
const little = 5;
const wanted = 50;

// region stock
/** A product's stock: its streams hold every movement there ever was. */
export const stock = aggregate('stock', { id: 'sku', version: 2, initial: () => none, snapshotEvery: 100 })
  .on(shelved, (state) => ({ ...state, known: true }))
  .on(supplied, (state, { quantity }) => ({ ...state, available: state.available + quantity }))
  .on(reserved, (state, { orderId, quantity }) => {
    return { ...state, available: state.available - quantity, held: { ...state.held, [orderId]: quantity } };
  })
  .on(released, (state, { orderId, quantity }) => ({
    ...without(state, orderId),
    available: state.available + quantity,
  }))
  .on(sold, (state, { orderId }) => without(state, orderId))
  .on(ranLow, (state, { round }) => ({ ...state, rounds: round }))
  .handle('shelve', (input: { readonly sku: string }, { known }) => (known ? [] : fact(shelved, input)))
  .handle({ ...supply('supply'), refuses: { UnknownSku } }, (input, { known }, fail) =>
    known ? fact(supplied, input) : fail.UnknownSku({ sku: input.sku }),
  )
  .handle(
    { ...order('reserve'), refuses: inventory.commands.reserve.refuses },
    (input, { available, held, rounds }, fail) => {
      const { sku, orderId, quantity } = input;
      if (held[orderId] !== undefined) return [];
      if (available < quantity) return fail.OutOfStock({ sku, available });
      const left = available - quantity;
      const runsLow = available >= little && left < little;
      return [fact(reserved, input), ...(runsLow ? [fact(ranLow, { sku, round: rounds + 1, left, wanted })] : [])];
    },
  )
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

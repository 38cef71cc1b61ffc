/** What is in the basket: at most one line a product, 1 to 99 of each. */
export interface Cart {
  readonly lines: readonly CartLine[];
}

export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
}

/** The contract's limits. */
export const mostOfOne = 99;
const mostLines = 50;

export const emptyCart: Cart = { lines: [] };

/** Puts more of a product into the basket. */
export function addToCart(cart: Cart, sku: string, quantity: number): Cart {
  const had = cart.lines.find((line) => line.sku === sku)?.quantity ?? 0;
  return setQuantity(cart, sku, had + quantity);
}

/** Sets how many of a product are in the basket; none takes the line out. */
export function setQuantity(cart: Cart, sku: string, quantity: number): Cart {
  const wanted = Math.min(mostOfOne, Math.max(0, Math.floor(quantity)));
  const known = cart.lines.some((line) => line.sku === sku);
  if (!known)
    return wanted === 0 || cart.lines.length >= mostLines
      ? cart
      : { lines: [...cart.lines, { sku, quantity: wanted }] };
  const lines = cart.lines.map((line) => (line.sku === sku ? { sku, quantity: wanted } : line));
  return { lines: lines.filter((line) => line.quantity > 0) };
}

/** How many things are in the basket. */
export function cartCount(cart: Cart): number {
  return cart.lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** What it costs in the currency's minor unit; lines of products that `priceOf` does not know cost nothing. */
export function cartTotal(cart: Cart, priceOf: (sku: string) => number | undefined): number {
  return cart.lines.reduce((sum, { sku, quantity }) => sum + (priceOf(sku) ?? 0) * quantity, 0);
}

/** A price as the order service takes the discount off, in whole won. */
export function discounted(price: number, percent: number): number {
  return Math.round((price * (100 - percent)) / 100);
}

/** Reads a basket that was kept; nonsense gives an empty one. */
export function decodeCart(text: string | null): Cart {
  const value = parse(text);
  if (!Array.isArray(value)) return emptyCart;
  let cart = emptyCart;
  for (const line of value) {
    if (isLine(line)) cart = setQuantity(cart, line.sku, line.quantity);
  }
  return cart;
}

/** Writes a basket for `decodeCart`. */
export function encodeCart(cart: Cart): string {
  return JSON.stringify(cart.lines);
}

function isLine(value: unknown): value is CartLine {
  if (typeof value !== 'object' || value === null || !('sku' in value) || !('quantity' in value)) return false;
  return typeof value.sku === 'string' && value.sku !== '' && Number.isSafeInteger(value.quantity);
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

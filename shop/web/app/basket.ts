import type { Cart } from './cart.ts';
import { decodeCart, encodeCart } from './cart.ts';
import { sharedValue, useShared } from './shared-value.ts';
import { tabStorage } from './tab-storage.ts';

const key = 'dure.basket';
const basket = sharedValue(decodeCart(tabStorage.read(key)));

/** The basket of this tab. */
export function useBasket(): Cart {
  return useShared(basket);
}

/** Changes the basket and keeps it for a reload. */
export function changeBasket(change: (cart: Cart) => Cart): void {
  const next = change(basket.get());
  basket.set(next);
  tabStorage.write(key, encodeCart(next));
}

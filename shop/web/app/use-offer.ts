import { useResource } from '@dure/console/design';
import type { Offer, Product } from './api.ts';
import { getOffer } from './api.ts';
import { discounted } from './cart.ts';

/** What holds until the shop has said something else. */
const plainOffer: Offer = { discountPercent: 0, promisesDelivery: false };

/** What an order would get just now, and what a product costs by that. */
export function useOffer(): { readonly offer: Offer; priceOf(product: Product | undefined): number | undefined } {
  const offer = useResource('offer', getOffer).value ?? plainOffer;
  return {
    offer,
    priceOf: (product) => (product === undefined ? undefined : discounted(product.price.amount, offer.discountPercent)),
  };
}

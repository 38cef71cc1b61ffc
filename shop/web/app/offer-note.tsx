import type { JSX } from 'preact';
import type { Offer } from './api.ts';
import { useMessages } from './use-messages.ts';

/** What is special about an order of just now. */
export function OfferNote({ offer: { discountPercent, promisesDelivery } }: { readonly offer: Offer }): JSX.Element {
  const m = useMessages();
  return (
    <>
      {discountPercent === 0 ? null : <p class="note-small">{m.discount(discountPercent)}</p>}
      {promisesDelivery ? <p class="note-small">{m.deliveryPromise}</p> : null}
    </>
  );
}

import { flag } from '@dure/flags';

/** Customers see at the checkout when their order arrives. */
export const deliveryPromise = flag('deliveryPromise', { default: false });

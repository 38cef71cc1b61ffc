import { composedService } from '@dure/service/composition';
import { pages } from './contract.ts';

// region views
/** Composes answers, one for each kind of client. */
export const pagesService = composedService(pages, {
  getOrderPage: ({ order, customer, products }) => ({
    order,
    products: products.filter((product) => product !== undefined),
    customer: customer === undefined ? null : { name: customer.name, email: customer.email },
  }),
  getMobileOrderPage: ({ order: { lines, ...order }, products }) => ({
    ...order,
    lines: lines.map(({ quantity }, at) => ({ quantity, product: products[at] ?? null })),
  }),
});
// endregion

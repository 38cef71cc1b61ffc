import { isRefusal, userOf } from '@dure/core';
import { fallbackOf } from '@dure/resilience';
import { service } from '@dure/service/server';
import { order } from '@shop/order/contract';
import { product } from '@shop/product/contract';
import { user } from '@shop/user/contract';
import { pages } from './contract.ts';

/**
 * Composes answers. The order is required; what is missing of the rest makes the page partial instead of failing it
 * (API composition after C. Richardson, with the parts named that could not be had).
 */
export const pagesService = service({
  contract: pages,
  // A part gets a share of the page's time only, so that its fallback comes before the page's own caller gives up.
  uses: { order, product: product.with({ getProduct: { timeoutMs: 800, attempts: 2 } }), user },
  start: ({ uses, log }) => ({
    getOrderPage: async ({ params }, call) => {
      const found = await uses.order.getOrder.attempt({ params }, call);
      if (!found.ok) throw pages.refuse.getOrderPage.UnknownOrder({ orderId: params.orderId });
      const part = async <T>(name: string, read: Promise<T>): Promise<T | undefined> => {
        try {
          return await read;
        } catch (error) {
          if (!isRefusal(error)) log.warn(`an order page lacks its ${name}`, { error, trace: call.trace });
          return undefined;
        }
      };
      const userId = userOf(call.identity)?.subject ?? '';
      const [customer, ...products] = await Promise.all([
        part('customer', uses.user.getUser({ params: { userId } }, call)),
        ...found.value.lines.map(({ sku }) =>
          part(`product ${sku}`, uses.product.getProduct({ params: { sku } }, call)),
        ),
      ]);
      const known = products.filter((one) => one !== undefined);
      return {
        order: found.value,
        products: known,
        customer: customer === undefined ? null : { name: customer.name, email: customer.email },
        partial: [
          ...(known.length < products.length ? (['products'] as const) : []),
          ...(customer === undefined ? (['customer'] as const) : []),
        ],
        dated: known.some((one) => fallbackOf(one) !== undefined) ? ['products'] : [],
      };
    },
  }),
});

import { flag } from '@dure/flags';
import { contract, get } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { z } from 'zod';

const usualWon = 12_000;

export const price = contract('price', {
  getPrice: get('/price', {
    query: z.object({ customer: z.string() }),
    output: z.object({ won: z.int(), isWrapped: z.boolean() }),
    access: 'public',
  }),
});

// region service
/** Whether the parcel is wrapped as a gift. */
const giftWrap = flag('giftWrap', { default: false });

export const priceService = service({
  contract: price,
  config: z.object({
    /** Taken off every price, in percent. */
    discountPercent: z.int().min(0).max(90).default(0),
  }),
  flags: [giftWrap],
  start: ({ live, flags }) => ({
    async getPrice({ query }, call) {
      const { discountPercent } = live.current; // read once: a change holds from the next call on
      return {
        won: (usualWon * (100 - discountPercent)) / 100,
        isWrapped: flags.isOn(giftWrap, call, { key: query.customer }),
      };
    },
  }),
});
// endregion

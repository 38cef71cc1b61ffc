import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { till } from '../contracts.ts';

/** Takes any price but 13. */
export const tillService = service({
  contract: till,
  database: migrations<Record<never, never>>(import.meta.dirname),
  start: ({ ids }) => ({
    take: async ({ price }) => {
      if (price === 13) throw till.refuse.take.Declined({});
      return { receipt: ids.uuid() };
    },
    writeVoucher: async () => ({ voucherId: ids.uuid() }),
  }),
});

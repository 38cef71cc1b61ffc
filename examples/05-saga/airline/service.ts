import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { airline } from '../contracts.ts';

/** Seats to everywhere but to Atlantis. */
export const airlineService = service({
  contract: airline,
  database: migrations<Record<never, never>>(import.meta.dirname),
  start: ({ ids, log }) => ({
    hold: async ({ city }) => {
      if (city === 'Atlantis') throw airline.refuse.hold.SoldOut({ city });
      return { bookingId: ids.uuid() };
    },
    release: async ({ tripId }) => log.info(`the seats of ${tripId} are free again`),
  }),
});

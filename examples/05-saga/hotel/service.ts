import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { hotel } from '../contracts.ts';

/** Rooms everywhere but on the Moon. */
export const hotelService = service({
  contract: hotel,
  database: migrations<Record<never, never>>(import.meta.dirname),
  start: ({ ids, log }) => ({
    hold: async ({ city }) => {
      if (city === 'Moon') throw hotel.refuse.hold.NoRoom({ city });
      return { roomId: ids.uuid() };
    },
    release: async ({ tripId }) => log.info(`the room of ${tripId} is free again`),
  }),
});

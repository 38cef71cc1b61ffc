import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import type { TripTables } from '../book-trip.ts';
import { bookTrip } from '../book-trip.ts';
import { guestJoined, trip, tripApproved } from '../contracts.ts';
import { gatherGroup } from '../gather-group.ts';

/** Trips, the saga that books them, and the process that gathers groups. */
export const tripService = service({
  contract: trip,
  database: migrations<TripTables>(import.meta.dirname),
  sagas: [bookTrip, gatherGroup],
  start: ({ db, ids }) => ({
    book: ({ body }, call) =>
      db.uow(call, async (tx) => {
        const tripId = ids.uuid();
        await tx.db.insertInto('trip').values({ trip_id: tripId, state: 'being booked' }).execute();
        tx.start(bookTrip, { tripId, ...body });
        return { tripId };
      }),
    approve: ({ params: { tripId }, body: { by } }, call) =>
      db.uow(call, async (tx) => tx.emit(tripApproved, { tripId, by })),
    gather: ({ body }, call) =>
      db.uow(call, async (tx) => {
        const tripId = ids.uuid();
        await tx.db.insertInto('trip').values({ trip_id: tripId, state: 'being booked' }).execute();
        tx.start(gatherGroup, { tripId, ...body });
        return { tripId };
      }),
    join: ({ params: { tripId }, body: { guest } }, call) =>
      db.uow(call, async (tx) => tx.emit(guestJoined, { tripId, guest })),
    getTrip: async ({ params: { tripId } }) => {
      const found = await db.read.selectFrom('trip').selectAll().where('trip_id', '=', tripId).executeTakeFirst();
      if (found === undefined) throw trip.refuse.getTrip.UnknownTrip({ tripId });
      return { tripId, state: found.state };
    },
  }),
});

import type { Tx } from '@dure/postgres';
import { saga, send } from '@dure/saga';
import { z } from 'zod';
import { airline, hotel, till, tripApproved, Wish } from './contracts.ts';

/** What the trip service keeps. */
export interface TripTables {
  readonly trip: { readonly trip_id: string; readonly state: string };
}

const Booking = Wish.extend({ tripId: z.string() });

// region saga
/** Books a trip: room and seats side by side; a dear one waits for approval; then it is paid, and from there only forward. */
export const bookTrip = saga('book-trip', { input: Booking, key: ({ tripId }) => tripId, deadlineMs: 60_000 })
  .parallel('hold', (group) =>
    group
      .branch(
        'room',
        send(hotel.commands.hold, ({ input: { tripId, city, guests } }) => ({ tripId, city, guests: guests.length })),
        { undo: send(hotel.commands.release, ({ input: { tripId } }) => ({ tripId })) },
      )
      .branch(
        'seats',
        send(airline.commands.hold, ({ input: { tripId, city, guests } }) => ({ tripId, city, seats: guests.length })),
        { undo: send(airline.commands.release, ({ input: { tripId } }) => ({ tripId })) },
      ),
  )
  .when(
    'dear',
    ({ input }) => input.price > 1_000,
    (way) =>
      way.wait('approval', tripApproved, {
        key: ({ input }) => input.tripId,
        timeoutMs: 30_000,
        otherwise: 'turn-back',
      }),
  )
  .pivot(
    'pay',
    send(till.commands.take, ({ input: { tripId, price } }) => ({ tripId, price })),
  )
  .each(
    'vouchers',
    ({ input }) => input.guests,
    (one) => one.send(till.commands.writeVoucher, ({ input: { tripId }, item }) => ({ tripId, guest: item })),
    { most: 2 },
  )
  .end({
    completed: (tx: Tx<TripTables>, { input, done }) => {
      const approved = done.approval === undefined ? '' : `, approved by ${done.approval.by}`;
      return settle(tx, input.tripId, `booked: ${done.vouchers.length} vouchers${approved}`);
    },
    compensated: (tx: Tx<TripTables>, { input }, why) =>
      settle(tx, input.tripId, why.reason === 'refused' ? `given up: ${why.code}` : `given up: ${why.reason}`),
  });
// endregion

/** Says what became of a trip. */
export async function settle(tx: Tx<TripTables>, tripId: string, state: string): Promise<void> {
  await tx.db.updateTable('trip').set({ state }).where('trip_id', '=', tripId).execute();
}

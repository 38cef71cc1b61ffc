import { event } from '@dure/messaging';
import { command, contract, get, post } from '@dure/service/contract';
import { z } from 'zod';

const TripOnly = z.object({ tripId: z.string() });
const key = ({ tripId }: { readonly tripId: string }) => tripId;

/** A trip as somebody wants it. */
export const Wish = z.object({
  city: z.string().min(1),
  guests: z.array(z.string().min(1)).min(1).max(9),
  /** Euros. */
  price: z.int().min(1),
});

/** Somebody with the right to do so has approved a dear trip. */
export const tripApproved = event('trip.approved', { schema: z.object({ tripId: z.string(), by: z.string() }), key });

/** A group that is to gather. */
export const Group = z.object({
  /** Where it would go, the one they like best first. */
  cities: z.array(z.string().min(1)).min(1).max(9),
  /** How many it takes. */
  wanted: z.int().min(1).max(9),
});

/** Somebody joins a group that gathers. */
export const guestJoined = event('trip.guest-joined', {
  schema: z.object({ tripId: z.string(), guest: z.string() }),
  key,
});

export const trip = contract(
  'trip',
  {
    book: post('/trips', { body: Wish, output: TripOnly, status: 202, access: 'public' }),
    approve: post('/trips/:tripId/approval', {
      params: TripOnly,
      body: z.object({ by: z.string() }),
      access: 'public',
    }),
    gather: post('/groups', { body: Group, output: TripOnly, status: 202, access: 'public' }),
    join: post('/trips/:tripId/guests', {
      params: TripOnly,
      body: z.object({ guest: z.string().min(1) }),
      access: 'public',
    }),
    getTrip: get('/trips/:tripId', {
      params: TripOnly,
      output: z.object({ tripId: z.string(), state: z.string() }),
      access: 'public',
      refuses: { UnknownTrip: { status: 404, data: TripOnly } },
    }),
  },
  { emits: [tripApproved, guestJoined] },
);

export const hotel = contract('hotel', {
  hold: command({
    input: z.object({ tripId: z.string(), city: z.string(), guests: z.int() }),
    output: z.object({ roomId: z.string() }),
    refuses: { NoRoom: { status: 409, data: z.object({ city: z.string() }) } },
    key,
  }),
  release: command({ input: TripOnly, key }),
});

export const airline = contract('airline', {
  // region claims
  hold: command({
    input: z.object({ tripId: z.string(), city: z.string(), seats: z.int() }),
    output: z.object({ bookingId: z.string() }),
    refuses: { SoldOut: { status: 409, data: z.object({ city: z.string() }) } },
    key,
    // Until the trip is decided no other trip gets a seat on this plane; the younger of two gives up.
    claims: { resources: ({ city }) => [`plane:${city}`], policy: 'wait-die' },
  }),
  // endregion
  release: command({ input: TripOnly, key }),
});

export const till = contract('till', {
  take: command({
    input: z.object({ tripId: z.string(), price: z.int() }),
    output: z.object({ receipt: z.string() }),
    refuses: { Declined: { status: 402, data: z.object({}) } },
    key,
  }),
  /** Writes a guest's voucher. It cannot fail: what is paid for is sent. */
  writeVoucher: command({
    input: z.object({ tripId: z.string(), guest: z.string() }),
    output: z.object({ voucherId: z.string() }),
    key,
  }),
});

import type { Tx } from '@dure/postgres';
import { processManager, send } from '@dure/saga';
import { z } from 'zod';
import type { TripTables } from './book-trip.ts';
import { settle } from './book-trip.ts';
import { Group, guestJoined, hotel } from './contracts.ts';

const Gathered = Group.extend({ tripId: z.string() });
const patienceMs = 2_000;

// region process
/** Gathers a group: whoever joins, until there are enough or nobody has for a while; then asks for rooms, one city after the other. */
export const gatherGroup = processManager('gather-group', { input: Gathered, key: ({ tripId }) => tripId })
  .command('hold', hotel.commands.hold, {
    undo: send(hotel.commands.release, ({ input: { tripId } }) => ({ tripId })),
  })
  .event('joined', guestJoined, ({ input }) => input.tripId)
  .timer('patience')
  .decide({
    initial: () => ({ guests: [] as readonly string[], refused: 0 }),
    evolve(state, happened) {
      if (happened.what === 'heard') return { ...state, guests: [...state.guests, happened.data.guest] };
      return happened.what === 'refused' ? { ...state, refused: state.refused + 1 } : state;
    },
    decide({ guests, refused }, happened, c) {
      const { tripId, cities, wanted } = c.input;
      const city = cities[refused];
      const ask = city === undefined ? c.turnBack('NoRoom') : c.send('hold', { tripId, city, guests: guests.length });
      switch (happened.what) {
        case 'started':
          return [c.wake('patience', patienceMs)];
        case 'heard':
          if (guests.length < wanted) return [c.wake('patience', patienceMs)];
          return guests.length === wanted ? [c.cancel('patience'), ask] : [];
        case 'refused':
          return [ask];
        case 'done':
          return [c.complete()];
        case 'unanswered':
          return [c.turnBack('NoAnswer')];
        case 'woke':
          return [c.turnBack('TooFew', { joined: guests.length })];
      }
    },
  })
  .end({
    completed: (tx: Tx<TripTables>, { input, state: { guests, refused } }) =>
      settle(tx, input.tripId, `${input.cities[refused]} for ${guests.slice(0, input.wanted).join(', ')}`),
    turnedBack: (tx: Tx<TripTables>, { input }, why) =>
      settle(tx, input.tripId, why.reason === 'refused' ? `given up: ${why.code}` : `given up: ${why.reason}`),
  });
// endregion

// Two services and an event between them. Nothing here knows what carries it.
import type { SystemOptions } from '@dure/dure';
import { edge } from '@dure/dure';
import { event } from '@dure/messaging';
import type { Tx } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import { contract, get, post } from '@dure/service/contract';
import { on, service } from '@dure/service/server';
import { z } from 'zod';

interface Tables {
  cup: { tea: string; drunk: number };
}

const Cup = z.object({ tea: z.string() });

// region handlers
export const teaPoured = event('kitchen.teaPoured', { schema: Cup, key: ({ tea }) => tea });

const kitchen = contract(
  'kitchen',
  { pour: post('/cups', { body: Cup, output: Cup, access: 'public' }) },
  { emits: [teaPoured] },
);
const guest = contract('guest', {
  drunk: get('/cups', { output: z.array(z.object({ tea: z.string(), drunk: z.number() })), access: 'public' }),
});

const kitchenService = service({
  contract: kitchen,
  database: migrations<Tables>(import.meta.dirname),
  start: ({ db }) => ({
    pour: ({ body }, call) =>
      db.uow(call, async (tx) => {
        tx.emit(teaPoured, body);
        return body;
      }),
  }),
});
const guestService = service({
  contract: guest,
  database: migrations<Tables>(import.meta.dirname),
  reactions: [
    on(teaPoured, async ({ tea }, _call, tx: Tx<Tables>) => {
      await tx.db
        .insertInto('cup')
        .values({ tea, drunk: 1 })
        .onConflict((known) => known.column('tea').doUpdateSet((cup) => ({ drunk: cup('cup.drunk', '+', 1) })))
        .execute();
    }),
  ],
  start: ({ db }) => ({
    drunk: () => db.read.selectFrom('cup').selectAll().orderBy('tea').execute(),
  }),
});
// endregion

/** What every system of this example has, whatever carries its messages. */
export const teaHouse: SystemOptions = {
  services: { kitchen: async () => kitchenService, guest: async () => guestService },
  edge: edge({ expose: [kitchen, guest] }),
};

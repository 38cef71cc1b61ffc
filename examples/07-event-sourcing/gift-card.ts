import { aggregate, fact, projection, subjectForgotten } from '@dure/event-sourcing';
import { event, personal } from '@dure/messaging';
import { z } from 'zod';

const byCard = ({ card }: { readonly card: string }) => card;
const Issue = z.object({ card: z.string(), holder: z.string(), name: z.string(), won: z.int().min(1) });
const Amount = z.object({ card: z.string(), won: z.int().min(1) });

// region events
/** A card was given to somebody; the name is encrypted by a key of the holder's own. */
export const issued = event('gift.issued', {
  schema: personal(Issue, { subject: ({ holder }) => holder, masked: { name: '(forgotten)' } }),
  key: byCard,
});
/** Something was bought with it. */
export const spent = event('gift.spent', { schema: Amount, key: byCard });
// endregion

// region aggregate
/** A gift card: what is left on it is the sum of what happened to it. */
export const giftCard = aggregate('gift-card', { id: 'card', initial: () => ({ left: 0 }), snapshotEvery: 50 })
  .on(issued, (_state, { won }) => ({ left: won }))
  .on(spent, ({ left }, { won }) => ({ left: left - won }))
  .handle('issue', (input: z.infer<typeof Issue>, { left }) => (left > 0 ? [] : fact(issued, input)))
  .handle(
    { name: 'spend', input: Amount, refuses: { TooLittleLeft: { data: z.object({ left: z.int() }) } } },
    (input, { left }, fail) => (left < input.won ? fail.TooLittleLeft({ left }) : fact(spent, input)),
  );
// endregion

// region read-models
/** What is left on each card: changed in the transaction of the event. */
export const cardBalance = projection('card-balance', {
  mode: 'inline',
  id: 'card',
  row: z.object({ card: z.string(), left: z.int() }),
})
  .on(issued, (_row, { card, won }) => ({ card, left: won }))
  .on(spent, (row, { won }) => row && { ...row, left: row.left - won })
  .on(
    subjectForgotten,
    () => undefined, // it holds nothing of them
    ({ subject }) => subject,
  );

/** Who holds cards: follows a moment later, and forgets whom it must. */
export const cardHolder = projection('card-holder', {
  mode: 'async',
  id: 'holder',
  row: z.object({ holder: z.string(), name: z.string(), cards: z.int() }),
})
  .on(issued, (row, { holder, name }) => ({ holder, name, cards: (row?.cards ?? 0) + 1 }))
  .on(
    subjectForgotten,
    () => null,
    ({ subject }) => subject,
  );
// endregion

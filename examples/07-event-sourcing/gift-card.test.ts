import { test } from 'node:test';
import { fact } from '@dure/event-sourcing';
import { spec } from '@dure/event-sourcing/testing';
import { cardBalance, giftCard, issued, spent } from './gift-card.ts';

// region spec
const card = 'c-1';
const full = fact(issued, { card, holder: 'h-1', name: '소라', won: 10_000 });

test('what is on a card can be spent, and no more', () => {
  spec(giftCard)
    .given(full)
    .when('spend', { card, won: 6_000 })
    .then(fact(spent, { card, won: 6_000 }))
    .when('spend', { card, won: 6_000 })
    .refuses('TooLittleLeft', { left: 4_000 });
});

test('the balance says what is left', () => {
  spec(cardBalance)
    .given(full, fact(spent, { card, won: 6_000 }))
    .expectRow(card, { card, left: 4_000 });
});
// endregion

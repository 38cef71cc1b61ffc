import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSilent, silentForMs, whyDeclined, whyNotCaptured } from './provider.ts';

const limit = 1_000;

test('a card pays up to the limit', () => {
  assert.equal(whyDeclined('card', limit, limit), undefined);
  assert.equal(whyDeclined('card', limit + 1, limit), 'over-limit');
});

test('a declined card is declined at once, an expired one only when the money is taken', () => {
  assert.equal(whyDeclined('declined-card', 1, limit), 'card-declined');
  assert.equal(whyDeclined('expired-card', 1, limit), undefined);
  assert.equal(whyNotCaptured({ state: 'authorised', method: 'expired-card' }), 'card-expired');
  assert.equal(whyNotCaptured({ state: 'authorised', method: 'card' }), undefined);
});

test('only what is held can be captured', () => {
  assert.equal(whyNotCaptured(undefined), 'not-authorised');
  assert.equal(whyNotCaptured({ state: 'voided', method: 'card' }), 'not-authorised');
});

test('nobody hears of a slow card for a while', () => {
  assert.ok(isSilent({ method: 'slow-card', heldForMs: 0 }));
  assert.ok(!isSilent({ method: 'slow-card', heldForMs: silentForMs }));
  assert.ok(!isSilent({ method: 'card', heldForMs: 0 }));
});

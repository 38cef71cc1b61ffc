import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FallbackNote } from './fallback-notes.ts';
import { FallbackNotes, formatFallbackKinds, formatFallbacks, parseFallbacks } from './fallback-notes.ts';

const notes: readonly FallbackNote[] = [
  { operation: 'product.getProduct', kind: 'last-good', ageS: 12 },
  { operation: 'user.getUser', kind: 'value' },
  { operation: 'user.getMe', kind: 'absent' },
];

test('what is told in the field is read from it, also when it came in several lines', () => {
  const field = formatFallbacks(notes);
  assert.equal(field, 'product.getProduct;kind=last-good;age=12, user.getUser;kind=value, user.getMe;kind=absent');
  assert.deepEqual(parseFallbacks(field), notes);
  assert.deepEqual(parseFallbacks(field?.split(', ')), notes);
});

test('outsiders are told the kinds and the oldest age of each, not the operations', () => {
  const older = { operation: 'price.getPrice', kind: 'last-good', ageS: 40 } as const;
  assert.equal(formatFallbackKinds([...notes, older]), 'last-good;age=40, value, absent');
  assert.equal(formatFallbackKinds([older, ...notes]), 'last-good;age=40, value, absent');
  assert.equal(formatFallbackKinds([]), undefined);
});

test('nothing to tell is no field', () => {
  assert.equal(formatFallbacks([]), undefined);
  assert.deepEqual(parseFallbacks(undefined), []);
});

test('what is malformed in the field is left out', () => {
  assert.deepEqual(parseFallbacks('<script>;kind=value, a.b;kind=other, ;, a.b;kind=value'), [
    { operation: 'a.b', kind: 'value' },
  ]);
  assert.deepEqual(parseFallbacks(`${'a.b;kind=value,'.repeat(1_000)}`), []);
});

test('each operation is noted once, and no more than eight', () => {
  const taken = new FallbackNotes();
  for (let round = 0; round < 20; round += 1) {
    taken.add({ operation: 'a.b', kind: 'value' });
    taken.add({ operation: `a.b${round}`, kind: 'value' });
  }
  assert.deepEqual([taken.all().length, taken.all().filter(({ operation }) => operation === 'a.b').length], [8, 1]);
});

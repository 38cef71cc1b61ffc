import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import type { ApiKeyEntry } from './api-key-book.ts';
import { apiKeyBook, hashApiKey, newApiKey } from './api-key-book.ts';

const partner: ApiKeyEntry = { id: 'partner', sha256: hashApiKey('secret-1'), scopes: ['orders:read'] };

test('a key is found by what it is, not by what is kept of it', () => {
  const book = apiKeyBook([
    partner,
    { id: 'batch', sha256: hashApiKey('secret-2'), kind: 'service', subject: 'night' },
  ]);
  assert.deepEqual(book.find('secret-1')?.identity, {
    kind: 'user',
    subject: 'partner',
    roles: [],
    scopes: ['orders:read'],
  });
  assert.deepEqual(book.find('secret-2')?.identity, { kind: 'service', subject: 'night', roles: [], scopes: [] });
  for (const wrong of ['', 'secret', 'secret-3', partner.sha256]) assert.equal(book.find(wrong), undefined);
});

test('a new key is long, random and kept as its digest', () => {
  const random = seededRandom(5);
  const [one, two] = [newApiKey(random), newApiKey(random)];
  assert.match(one.key, /^dure_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(one.key, two.key);
  assert.equal(apiKeyBook([{ id: 'new', sha256: one.sha256 }]).find(one.key)?.id, 'new');
});

test('keys are changed all or none', () => {
  const book = apiKeyBook([partner]);
  const next = { id: 'next', sha256: hashApiKey('secret-9') };
  assert.throws(() => book.update([next, { id: 'bad', sha256: 'x' }]), { code: 'GATEWAY_PROTECTION_INVALID' });
  assert.equal(book.find('secret-1')?.id, 'partner');
  book.update([next]);
  assert.deepEqual([book.find('secret-1'), book.find('secret-9')?.id], [undefined, 'next']);
});

const nonsense: readonly (readonly [string, readonly ApiKeyEntry[]])[] = [
  ['an id with a space', [{ ...partner, id: 'my partner' }]],
  ['one id twice', [partner, { ...partner, sha256: hashApiKey('other') }]],
  ['one digest twice', [partner, { ...partner, id: 'other' }]],
  ['a key in place of its digest', [{ ...partner, sha256: 'secret-1' }]],
  ['an end that is no time', [{ ...partner, endsAt: Number.NaN }]],
];
for (const [what, entries] of nonsense) {
  test(`${what} is refused without telling it`, () => {
    assert.throws(
      () => apiKeyBook(entries),
      (error: Error & { code?: string }) =>
        error.code === 'GATEWAY_PROTECTION_INVALID' && !/secret-1|[0-9a-f]{64}/.test(error.message),
    );
  });
}

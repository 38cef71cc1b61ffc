import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { isVerifierOf, newPassword, scramVerifier } from './password.ts';

test('a verifier belongs to its password and to no other', async () => {
  const stored = await scramVerifier('두레', seededRandom(1));
  assert.equal(await isVerifierOf(stored, '두레'), true);
  assert.equal(await isVerifierOf(stored, '두래'), false);
  assert.equal(await isVerifierOf(null, '두레'), false);
  assert.equal(await isVerifierOf('md5d41d8cd98f00b204e9800998ecf8427e', '두레'), false);
});

test('a new password has 192 bits and needs no escaping in a URL', () => {
  assert.match(newPassword(seededRandom(1)), /^[A-Za-z0-9_-]{32}$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { hashPassword, verifyPassword } from './password.ts';

const cheap = { logN: 4, blockSize: 8, parallel: 1 };

test('a password fits its own hash and no other does', async () => {
  const stored = await hashPassword('correct horse', seededRandom(1), cheap);
  assert.match(stored, /^\$scrypt\$ln=4,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword('correct horse', stored), true);
  assert.equal(await verifyPassword('correct horse ', stored), false);
  assert.equal(await verifyPassword('', stored), false);
});

test('equal passwords have different hashes', async () => {
  const random = seededRandom(1);
  assert.notEqual(await hashPassword('same', random, cheap), await hashPassword('same', random, cheap));
});

test('Hangul typed decomposed fits the hash of Hangul typed composed', async () => {
  const stored = await hashPassword('두레비밀번호'.normalize('NFC'), seededRandom(1), cheap);
  assert.equal(await verifyPassword('두레비밀번호'.normalize('NFD'), stored), true);
});

test('an unknown user costs a full hash and is never let in', async () => {
  assert.equal(await verifyPassword('anything', undefined), false);
});

test('a hash that cannot be read, or asks for too much memory, is an error and not a wrong password', async () => {
  for (const stored of ['', 'plain', '$2b$10$abc', `$scrypt$ln=30,r=8,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`]) {
    await assert.rejects(verifyPassword('x', stored), { code: 'IDENTITY_PASSWORD_HASH_INVALID' });
  }
});

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { edge, system } from '../system.ts';
import { foreignPasswords } from './foreign-passwords.ts';

test('a password is read from a file that only its owner can read, and never repeated', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-foreign-'));
  context.after(() => rm(folder, { recursive: true }));
  const foreign = { price: { passwordFile: './price.password' } };
  const read = () =>
    foreignPasswords({ system: system('shop', { services: {}, edge: edge({ expose: [] }), foreign }), folder });
  const file = join(folder, 'price.password');
  const refused = (expected: RegExp) =>
    assert.rejects(read(), (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), expected);
      assert.doesNotMatch(messageOf(error), /horse/);
      return true;
    });
  await refused(/"price" in .*price\.password cannot be read: ENOENT.*umask 077/);
  await writeFile(file, 'correct horse\n', { mode: 0o644 });
  await refused(/can be read by others.*chmod 600/);
  await chmod(file, 0o600);
  assert.deepEqual(await read(), { price: 'correct horse' });
  await writeFile(file, 'horse\n');
  await refused(/shorter than 8 characters/);
});

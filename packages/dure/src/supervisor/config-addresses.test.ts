import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { postgres } from '../config-place.ts';
import { edge, system } from '../system.ts';
import { configAddresses } from './config-addresses.ts';

test('the address of a table’s database is read from a file that only its owner can read, and never repeated', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-addresses-'));
  context.after(() => rm(folder, { recursive: true }));
  const config = [postgres({ urlFile: './table.url' }), './config'];
  const read = () =>
    configAddresses({ system: system('shop', { services: {}, edge: edge({ expose: [] }), config }), folder });
  const file = join(folder, 'table.url');
  const refused = (expected: RegExp) =>
    assert.rejects(read(), (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), expected);
      assert.doesNotMatch(messageOf(error), /horse/);
      return true;
    });
  await refused(/table\.url cannot be read: ENOENT.*umask 077/);
  const url = 'postgres://dure:horse@127.0.0.1:5432/config';
  await writeFile(file, `${url}\n`, { mode: 0o644 });
  await refused(/can be read by others.*chmod 600/);
  await chmod(file, 0o600);
  assert.deepEqual(await read(), { [file]: url });
  await writeFile(file, 'mysql://horse@127.0.0.1/config\n');
  await refused(/is none of a PostgreSQL database; expected postgres:\/\/user:password@host:5432\/database/);
});

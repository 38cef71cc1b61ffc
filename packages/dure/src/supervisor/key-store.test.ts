import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeys } from './key-store.ts';

test('keys survive a restart, are made where they are missing or damaged, and are their owner’s only', async () => {
  const above = await mkdtemp(join(tmpdir(), 'dure-keys-'));
  const folder = join(above, 'keys');
  const first = await openKeys(folder, ['user', 'order']);
  assert.ok(typeof first.user?.d === 'string' && first.user.d !== first.order?.d);
  assert.deepEqual(await openKeys(folder, ['user', 'order']), first);
  await writeFile(join(folder, 'order.json'), '{"kty"');
  const again = await openKeys(folder, ['user', 'order']);
  assert.deepEqual(again.user, first.user);
  assert.notDeepEqual(again.order, first.order);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(join(folder, 'user.json'))).mode & 0o777, 0o600);
  await rm(above, { recursive: true });
});

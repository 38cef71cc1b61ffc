import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { emptyRunFolder, forgetState, openStateFolder } from './state-folder.ts';

test('a state folder keeps itself out of version control and its secrets to its owner', async () => {
  const above = await mkdtemp(join(tmpdir(), 'dure-state-'));
  const root = join(above, '.dure');
  const folder = await openStateFolder(root);
  await openStateFolder(root);
  for (const secret of [folder.run, folder.keys, folder.logs]) assert.equal((await stat(secret)).mode & 0o777, 0o700);
  assert.deepEqual((await readdir(root)).sort(), ['.gitignore', 'keys', 'logs', 'run']);
  await writeFile(join(folder.run, 'order.json'), '{}');
  await emptyRunFolder(folder);
  assert.deepEqual(await readdir(folder.run), []);
  await rm(above, { recursive: true });
});

test('starting afresh forgets everything but compiled code, the keys of the configuration and the lock', async () => {
  const root = await mkdtemp(join(tmpdir(), 'dure-state-'));
  const folder = await openStateFolder(root);
  await Promise.all(
    ['supervisor.json', 'telemetry.db', 'cache', 'keyring.json'].map((name) => writeFile(join(root, name), '')),
  );
  await writeFile(join(folder.keys, 'user.json'), '{}');
  await forgetState(folder);
  const kept = ['.gitignore', 'cache', 'keyring.json', 'keys', 'logs', 'run', 'supervisor.json'];
  assert.deepEqual((await readdir(root)).sort(), kept);
  assert.deepEqual(await readdir(folder.keys), []);
  await rm(root, { recursive: true });
});

test('a folder that cannot be one is refused', async () => {
  const above = await mkdtemp(join(tmpdir(), 'dure-state-'));
  const file = join(above, 'file');
  await writeFile(file, '');
  await assert.rejects(openStateFolder(file), (error) => codeOf(error) === 'DURE_STATE_UNUSABLE');
  await rm(above, { recursive: true });
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { readControlFile, takeLock } from './lock.ts';
import { identify, isAlive } from './process-identity.ts';

const entry = { module: '/shop/system.ts', startedAt: 1, socket: '/shop/.dure/run/control.sock' };
describe('the lock of a folder', () => {
  let folder = '';

  beforeEach(async (context) => {
    folder = await mkdtemp(join(tmpdir(), 'dure-lock-'));
    if ('after' in context) context.after(() => rm(folder, { recursive: true, force: true }));
  });

  test('a folder belongs to one process until it is released', async () => {
    const lock = await takeLock(folder, entry);
    assert.equal(lock.tookOver, false);
    assert.equal((await stat(join(folder, 'supervisor.json'))).mode & 0o777, 0o600);
    await assert.rejects(takeLock(folder, entry), (error) => {
      assert.equal(codeOf(error), 'DURE_ALREADY_RUNNING');
      assert.match(messageOf(error), new RegExp(`process ${process.pid}`));
      return true;
    });
    await lock.release();
    assert.deepEqual(await readdir(folder), []);
    await (await takeLock(folder, entry)).release();
  });

  test('the lock of a process that has ended is taken over', async () => {
    await writeFile(join(folder, 'supervisor.json'), JSON.stringify({ ...entry, pid: 2 ** 22 - 1, startTicks: '1' }));
    assert.equal(await readControlFile(folder), undefined);
    const lock = await takeLock(folder, entry);
    assert.equal(lock.tookOver, true);
    assert.equal((await readControlFile(folder))?.pid, process.pid);
    await lock.release();
  });

  test('a process number that another process has got since is no lock', {
    skip: process.platform !== 'linux',
  }, async () => {
    await writeFile(join(folder, 'supervisor.json'), JSON.stringify({ ...entry, pid: process.pid, startTicks: '1' }));
    assert.equal((await takeLock(folder, entry)).tookOver, true);
  });

  test('a lock that cannot be read is taken over', async () => {
    await writeFile(join(folder, 'supervisor.json'), '{"pid":');
    assert.equal((await takeLock(folder, entry)).tookOver, true);
  });

  test('of many who want a folder that was left behind, one gets it', async () => {
    await writeFile(join(folder, 'supervisor.json'), JSON.stringify({ ...entry, pid: 2 ** 22 - 1, startTicks: '1' }));
    const first = await takeLock(folder, entry);
    const others = await Promise.allSettled([takeLock(folder, entry), takeLock(folder, entry)]);
    assert.deepEqual(
      others.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await first.release();
  });

  test('a release does not take away what is another’s', async () => {
    const lock = await takeLock(folder, entry);
    await writeFile(join(folder, 'supervisor.json'), '{"other":true}');
    await lock.release();
    assert.equal(await readFile(join(folder, 'supervisor.json'), 'utf8'), '{"other":true}');
  });

  test('this process is alive and one that never was is not', async () => {
    assert.ok(await isAlive(await identify(process.pid)));
    assert.ok(!(await isAlive({ pid: 2 ** 22 - 1, startTicks: undefined })));
  });
});

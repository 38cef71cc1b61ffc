import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GitRemote } from '../../testing/git-remote.ts';
import { gitRemote } from '../../testing/git-remote.ts';
import { access } from '../access.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { gitBackend } from '../backends/git-backend.ts';
import type { GitOptions } from './git-options.ts';

async function withGit(
  options: Partial<GitOptions>,
  use: (backend: ConfigBackend, remote: GitRemote) => Promise<void>,
): Promise<void> {
  await using remote = await gitRemote();
  await using backend = gitBackend({ url: remote.url, refreshMs: 0, ...options });
  await use(backend, remote);
}

const request = { names: ['order'], profiles: ['dev'] };
const valuesOf = async (backend: ConfigBackend, asked: Parameters<ConfigBackend['find']>[0] = request) =>
  (await backend.find(asked)).sources.map(({ properties }) => properties.get('from')?.value);
const everything = { ...request, mayRead: () => true };
const textOf = async (backend: ConfigBackend, ...paths: readonly string[]) => {
  const found = await backend.resource({ ...everything, paths });
  return found === undefined ? undefined : Buffer.from(found.bytes).toString();
};

test('links lead to files inside the commit, and nowhere else', () =>
  withGit({}, async (backend, remote) => {
    await mkdir(join(remote.work, 'shared'));
    await writeFile(join(remote.work, 'shared/base.yml'), 'from: base\n');
    await symlink('shared/base.yml', join(remote.work, 'order.yml'));
    await symlink('order.yml', join(remote.work, 'nginx.conf'));
    await remote.push({ 'application.yml': 'from: app\n' });
    assert.deepEqual(await valuesOf(backend), ['base', 'app']);
    assert.equal(await textOf(backend, 'nginx.conf'), 'from: base\n');
    const outside = [
      '/etc/passwd',
      '../../etc/passwd',
      'shared/../../x',
      '../config.git/HEAD',
      'order-dev.yml',
      'none',
      '',
    ];
    for (const [at, target] of outside.entries()) {
      if (target === '') continue;
      await rm(join(remote.work, 'order-dev.yml'), { force: true });
      await symlink(target, join(remote.work, 'order-dev.yml'));
      await remote.push({ 'count.txt': String(at) });
      await backend.refresh();
      await assert.rejects(backend.find(request), { code: 'CONFIG_FILE_INVALID' }, target);
      await assert.rejects(textOf(backend, 'order-dev.yml'), { code: 'CONFIG_FILE_INVALID' }, target);
      const [problem] = await backend.problems();
      assert.equal(problem?.place, 'order-dev.yml:1:1');
      assert.doesNotMatch(problem.message, /root:|refs\/heads/);
    }
  }));

test('submodules, folders and files above the limits are not read; what is too large is a problem with its size', () =>
  withGit({}, async (backend, remote) => {
    const first = await remote.push({ 'order.yml': 'from: order\n', 'folder/x.yml': 'from: x\n' });
    await remote.git('update-index', '--add', '--cacheinfo', `160000,${first},order-dev.yml`);
    await remote.git('commit', '--quiet', '-m', 'submodule');
    await remote.git('push', '--quiet', 'origin', 'main');
    assert.deepEqual(await valuesOf(backend), ['order']);
    assert.equal(await textOf(backend, 'folder', 'order-dev.yml'), undefined);
    await remote.git('reset', '--quiet', '--hard', first);
    await remote.push({ 'order.yml': `from: ${'x'.repeat(2 ** 20)}\n`, 'blob.bin': 'x'.repeat(2 ** 24 + 1) });
    await backend.refresh();
    const { sources, stale } = await backend.find(request);
    assert.deepEqual([sources[0]?.properties.get('from')?.value, stale], ['order', ['order.yml:1:1']]);
    await assert.rejects(textOf(backend, 'blob.bin'), /16777217 bytes; expected at most 16777216/);
  }));

test('resources come from the root, then the search paths, in the order of their names; what may not be read is not there', () =>
  withGit({ searchPaths: ['conf', '{application}'] }, async (backend, remote) => {
    await remote.push({
      'conf/a.conf': 'conf',
      'order/a.conf': 'own',
      'order/b.conf': 'b',
      'c.conf': 'root',
      'conf/c.conf': 'x',
    });
    assert.equal(await textOf(backend, 'a-dev.conf', 'a.conf'), 'conf');
    assert.equal(await textOf(backend, 'b.conf'), 'b');
    assert.equal(await textOf(backend, 'c.conf'), 'root');
    assert.equal(await textOf(backend, 'd.conf'), undefined);
    const mayRead = (path: string) => !path.startsWith('conf/');
    const found = await backend.resource({ ...request, paths: ['a.conf'], mayRead });
    assert.equal(found?.path, 'order/a.conf');
    await assert.rejects(backend.resource({ ...everything, paths: ['a.conf'], label: 'none' }), {
      code: 'CONFIG_NOT_FOUND',
    });
  }));

test('search paths come before the root, a later before an earlier, with wildcards and what is asked for', () =>
  withGit(
    { searchPaths: ['team-*', '{application}', '{application}/{profile}', '{label}'] },
    async (backend, remote) => {
      await remote.push({
        ...{ 'order.yml': 'from: root', 'team-a/order.yml': 'from: a', 'team-b/order.yml': 'from: b' },
        ...{ 'order/order.yml': 'from: own', 'order/dev/order.yml': 'from: own dev', 'main/order.yml': 'from: main' },
        ...{ 'team-a/deep/order.yml': 'from: deep', 'other/order.yml': 'from: other' },
      });
      assert.deepEqual(await valuesOf(backend), ['main', 'own dev', 'own', 'b', 'a', 'root']);
    },
  ));

test('nobody reaches what is another’s by a profile that is called like it', () =>
  withGit({ searchPaths: ['{application}', '{profile}', '{application}-{profile}'] }, async (backend, remote) => {
    await remote.push({
      ...{
        'payment/application.yml': 'from: payment',
        'payment/order.yml': 'from: payment',
        'dev/order.yml': 'from: dev',
      },
      ...{ 'order-admin/application.yml': 'from: admin', 'order-admin.yml': 'from: admin', 'order.yml': 'from: order' },
    });
    const rights = access(['order', 'payment', 'order-admin'], []);
    const target = { names: ['order'], profiles: ['payment', 'admin', 'dev'], label: undefined };
    const mayRead = rights.mayFind({ ...target, raw: { name: 'order', profiles: '' } } as never);
    assert.deepEqual(await valuesOf(backend, { ...target, mayRead }), ['dev', 'order']);
  }));

test('with several labels those of the last come first, and one that is missing refuses all', () =>
  withGit({}, async (backend, remote) => {
    const one = await remote.push({ 'order.yml': 'from: one', 'order-dev.yml': 'from: one dev' }, { branch: 'one' });
    const two = await remote.push({ 'order.yml': 'from: two', 'order-dev.yml': null }, { branch: 'two' });
    const found = await backend.find({ ...request, label: 'one,two' });
    const values = found.sources.map(({ properties }) => properties.get('from')?.value);
    assert.deepEqual([values, found.version], [['two', 'one dev', 'one'], `${one},${two}`]);
    assert.equal(await backend.find({ ...request, label: 'one,two' }), found);
    await assert.rejects(backend.find({ ...request, label: 'one,none' }), { code: 'CONFIG_NOT_FOUND' });
  }));

test('reads go on while commits are pushed and fetched, and each answer is of one commit', () =>
  withGit({}, async (backend, remote) => {
    const both = (n: number) => ({ 'order.yml': `from: ${n}\n`, 'application.yml': `from: ${n}\n` });
    await remote.push(both(0));
    await backend.find(request);
    let isDone = false;
    let reads = 0;
    const reader = async () => {
      while (!isDone) {
        const [own, shared] = await valuesOf(backend);
        assert.equal(own, shared);
        reads += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const readers = [reader(), reader(), reader()];
    for (let n = 1; n <= 10; n += 1) {
      await remote.push(both(n));
      await Promise.all([backend.refresh(), backend.refresh(), backend.refresh()]);
      assert.deepEqual(await valuesOf(backend), [n, n]);
    }
    isDone = true;
    await Promise.all(readers);
    assert.ok(reads > 100);
  }));

test('with a depth, what is further back is no label, and changes are found all the same', () =>
  withGit({ depth: 1 }, async (backend, remote) => {
    const first = await remote.push({ 'order.yml': 'from: 1\n' });
    await remote.push({ 'order.yml': 'from: 2\n' });
    assert.deepEqual(await valuesOf(backend), [2]);
    await assert.rejects(backend.find({ ...request, label: first }), { code: 'CONFIG_NOT_FOUND' });
    await remote.push({ 'order.yml': 'from: 3\n', 'x.yml': 'a: 1\n' });
    assert.deepEqual([...(await backend.refresh())].sort(), ['order.yml', 'x.yml']);
    assert.deepEqual(await valuesOf(backend), [3]);
    await remote.push({ 'order.yml': 'from: [\n' });
    await backend.refresh();
    assert.deepEqual(await valuesOf(backend), [3], 'what was served last, where there is no history to look into');
  }));

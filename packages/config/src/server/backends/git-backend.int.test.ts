import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import type { GitRemote } from '../../testing/git-remote.ts';
import { gitRemote } from '../../testing/git-remote.ts';
import type { GitOptions } from '../git/git-options.ts';
import type { ConfigBackend } from './config-backend.ts';
import type { GitParts } from './git-backend.ts';
import { gitBackend } from './git-backend.ts';

async function withGit(
  use: (backend: ConfigBackend, remote: GitRemote) => Promise<void>,
  options: Partial<GitOptions> = {},
  parts: GitParts = {},
): Promise<void> {
  await using remote = await gitRemote();
  await remote.push({
    'application.yml': 'currency: KRW\n',
    'order.yml': 'lines: 50\n',
    'order-dev.yml': 'lines: 10\n---\nlines: 11\n',
  });
  await using backend = gitBackend({ url: remote.url, refreshMs: 0, ...options }, parts);
  await use(backend, remote);
}

const request = (label?: string, names = ['order'], profiles = ['dev']) => ({ names, profiles, label });
const valuesOf = async (backend: ConfigBackend, asked = request()) => {
  const { sources, version, stale } = await backend.find(asked);
  const values = new Map<string, unknown>();
  for (const { properties } of sources.toReversed()) for (const [key, { value }] of properties) values.set(key, value);
  return { ...Object.fromEntries(values), version, stale } as Record<string, unknown>;
};

test('what is served is the newest commit of main, by Spring’s precedence and names', () =>
  withGit(async (backend, remote) => {
    const { sources, version, stale } = await backend.find(request());
    assert.equal(version, await remote.git('rev-parse', 'HEAD'));
    assert.deepEqual(
      sources.map(({ name, properties }) => [name, properties.get('lines')?.value]),
      [
        [`${remote.url}/Config resource 'file [order-dev.yml' via location '' (document #1)`, 11],
        [`${remote.url}/Config resource 'file [order-dev.yml' via location '' (document #0)`, 10],
        [`${remote.url}/order.yml`, 50],
        [`${remote.url}/application.yml`, undefined],
      ],
    );
    assert.deepEqual(stale, []);
    assert.deepEqual(await backend.problems(), []);
  }));

test('a refresh brings a new commit and says which files changed; without news it says nothing', () =>
  withGit(async (backend, remote) => {
    const before = await valuesOf(backend);
    let told = 0;
    backend.watch?.(() => {
      told += 1;
    });
    assert.deepEqual(await backend.refresh(), []);
    await remote.push({ 'order.yml': 'lines: 60\n', 'a/b.txt': 'x', 'order-dev.yml': null });
    assert.deepEqual(await valuesOf(backend), before);
    assert.deepEqual([...(await backend.refresh())].sort(), ['a/b.txt', 'order-dev.yml', 'order.yml']);
    assert.equal((await valuesOf(backend)).lines, 60);
    assert.equal(told, 1);
  }));

test('branches, tags, annotated tags and commits are labels; a moved tag is followed', () =>
  withGit(async (backend, remote) => {
    const first = await remote.git('rev-parse', 'HEAD');
    await remote.git('tag', 'light');
    await remote.git('tag', '-a', '-m', 'x', 'heavy');
    await remote.push({ 'order-dev.yml': 'lines: 1\n' }, { branch: 'feature/x' });
    await remote.git('push', '--quiet', '--tags', 'origin');
    const lines = async (label: string) => (await valuesOf(backend, request(label))).lines;
    assert.equal(await lines('feature/x'), 1);
    for (const label of ['main', 'light', 'heavy', first, first.slice(0, 9)])
      assert.equal(await lines(label), 11, label);
    await remote.git('tag', '--force', 'light');
    await remote.git('push', '--quiet', '--force', '--tags', 'origin');
    assert.deepEqual(await backend.refresh(), ['order-dev.yml']);
    assert.equal(await lines('light'), 1);
    assert.equal(await lines('heavy'), 11);
  }));

test('a deleted branch is unknown after the next refresh, or served on where options say so', async () => {
  for (const keepDeletedLabels of [false, true]) {
    await withGit(
      async (backend, remote) => {
        await remote.push({ 'order-dev.yml': 'lines: 1\n' }, { branch: 'old' });
        assert.equal((await valuesOf(backend, request('old'))).lines, 1);
        await remote.git('push', '--quiet', '--delete', 'origin', 'old');
        await backend.refresh();
        const asked = valuesOf(backend, request('old'));
        if (keepDeletedLabels) assert.equal((await asked).lines, 1);
        else await assert.rejects(asked, { code: 'CONFIG_NOT_FOUND' });
      },
      { keepDeletedLabels },
    );
  }
});

test('no label, however it is spelt, is more than a name to look up', () =>
  withGit(async (backend) => {
    const hostile = [
      ...['--upload-pack=touch /tmp/dure-owned', '-x', '..', '../..', '@{u}', '@{-1}', 'main@{0}', 'main^', 'main~1'],
      ...['main:order.yml', ':/change', 'HEAD', 'refs/heads/main', 'FETCH_HEAD', '', ' ', 'main\0', 'main\n', '*'],
      ...['0000000', '0'.repeat(40), 'f'.repeat(40), '$(id)', '`id`', '--output=/tmp/x', 'a'.repeat(100_000)],
    ];
    await backend.find(request());
    for (const label of hostile)
      await assert.rejects(backend.find(request(label)), { code: 'CONFIG_NOT_FOUND' }, label.slice(0, 40));
  }));

test('a broken file is served as it was good before, also by a server that starts anew, until it is mended', () =>
  withGit(async (backend, remote) => {
    await remote.push({ 'order-dev.yml': 'lines: 12\n' });
    const broken = await remote.push({ 'order-dev.yml': 'lines: 13\n oops: [\n', 'order.yml': 'more: 1\n' });
    await backend.refresh();
    await using anew = gitBackend({ url: remote.url, refreshMs: 0 });
    for (const each of [backend, anew]) {
      const { lines, more, version, stale } = await valuesOf(each);
      assert.deepEqual([lines, more, version, stale], [12, 1, broken, ['order-dev.yml:1:8']]);
      const [problem] = await each.problems();
      assert.equal(problem?.place, 'order-dev.yml:1:8');
      assert.ok(problem.message.endsWith(`(main, commit ${broken})`), problem.message);
    }
    await remote.push({ 'order-dev.yml': 'lines: 14\n' });
    await backend.refresh();
    const { lines, stale } = await valuesOf(backend);
    assert.deepEqual([lines, stale, await backend.problems()], [14, [], []]);
  }));

test('after a forced push without history, what was served last stands in for a broken file', () =>
  withGit(async (backend, remote) => {
    await backend.find(request());
    await remote.git('checkout', '--quiet', '--orphan', 'fresh');
    await remote.git('branch', '--quiet', '-D', 'main');
    await remote.git('branch', '-m', 'main');
    const commit = await remote.push({ 'order.yml': ': [', 'order-dev.yml': null });
    assert.deepEqual([...(await backend.refresh())].sort(), ['order-dev.yml', 'order.yml']);
    const { lines, version } = await valuesOf(backend);
    assert.deepEqual([lines, version], [50, commit]);
    await using anew = gitBackend({ url: remote.url, refreshMs: 0 });
    await assert.rejects(anew.find(request()), { code: 'CONFIG_FILE_INVALID' });
  }));

test('a remote that is gone is a problem by its address; what it had is served on, and is stale', () =>
  withGit(async (backend, remote) => {
    const before = await valuesOf(backend);
    await rename(remote.folder, `${remote.folder}.away`);
    assert.deepEqual(await backend.refresh(), []);
    assert.deepEqual(await valuesOf(backend), { ...before, stale: [remote.url] });
    const [problem] = await backend.problems();
    assert.equal(problem?.place, remote.url);
    assert.match(problem.message, /does not (exist|appear to be a git repository)/);
    await rename(`${remote.folder}.away`, remote.folder);
    await backend.refresh();
    assert.deepEqual(await valuesOf(backend), before);
    assert.deepEqual(await backend.problems(), []);
  }));

test('a repository that was never there is an error that says so, and is asked again', async () => {
  await using remote = await gitRemote();
  await rename(remote.folder, `${remote.folder}.away`);
  await using backend = gitBackend({ url: remote.url, refreshMs: 0 });
  await assert.rejects(backend.find(request()), (error: Error) => {
    assert.equal(codeOf(error), 'CONFIG_GIT_UNREACHABLE');
    assert.ok(error.message.includes(remote.url));
    return true;
  });
  await rename(`${remote.folder}.away`, remote.folder);
  await remote.push({ 'order.yml': 'lines: 1\n' });
  await backend.refresh();
  assert.equal((await valuesOf(backend)).lines, 1);
});

import assert from 'node:assert/strict';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { GitRemote } from '../../testing/git-remote.ts';
import { gitRemote } from '../../testing/git-remote.ts';
import type { ConfigBackend } from './config-backend.ts';
import { gitBackend } from './git-backend.ts';

/** A remote whose `order.yml` and `application.yml` say who they are of, under the name that the host knows it by. */
async function remoteAt(folder: string, name: string): Promise<GitRemote> {
  const remote = await gitRemote();
  await remote.push({ 'application.yml': `from: ${name}\n` });
  await rename(remote.folder, join(folder, `${name}.git`));
  return remote;
}

const fromOf = async (backend: ConfigBackend, names: readonly string[], profiles = ['dev']) =>
  (await backend.find({ names, profiles })).sources.map(({ properties }) => properties.get('from')?.value);

async function withHost(names: readonly string[], use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-git-host-'));
  const remotes = await Promise.all(names.map((name) => remoteAt(folder, name)));
  try {
    await use(folder);
  } finally {
    await Promise.all(remotes.map((remote) => remote[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true });
  }
}

test('an address with {application} is a repository for each; one that the host does not know is not found', () =>
  withHost(['order-config', 'pay-config'], async (folder) => {
    await using backend = gitBackend({ url: `file://${folder}/{application}-config.git`, refreshMs: 0 });
    assert.deepEqual(await fromOf(backend, ['order']), ['order-config']);
    assert.deepEqual(await fromOf(backend, ['order', 'pay']), ['pay-config', 'order-config']);
    const both = await backend.find({ names: ['order', 'pay'], profiles: ['dev'] });
    assert.match(both.version ?? '', /^[0-9a-f]{40},[0-9a-f]{40}$/);
    assert.equal(await backend.find({ names: ['order', 'pay'], profiles: ['dev'] }), both);
    for (const name of ['nobody', '..', '-x', 'a/../../x', '']) {
      await assert.rejects(fromOf(backend, [name]), { code: 'CONFIG_NOT_FOUND' }, name);
    }
    assert.deepEqual(await backend.problems(), [], 'what was asked for in vain is nobody’s problem');
    const many = Array.from({ length: 201 }, (_, n) => `a${n}`);
    await assert.rejects(fromOf(backend, many), { code: 'CONFIG_GIT_TOO_MANY' });
  }));

test('a profile in the address does not lead to another application’s repository', () =>
  withHost(['pay', 'dev'], async (folder) => {
    await using backend = gitBackend({ url: `file://${folder}/{profile}.git`, refreshMs: 0 });
    const mayRead = (path: string) => !path.startsWith('pay');
    const found = await backend.find({ names: ['order'], profiles: ['pay', 'dev'], mayRead });
    assert.deepEqual(
      found.sources.map(({ name }) => name),
      [`file://${folder}/dev.git/application.yml`],
    );
  }));

test('the first pattern that matches chooses the repository; without one it is the one for all', () =>
  withHost(['all', 'shop', 'prod'], async (folder) => {
    const url = (name: string) => `file://${folder}/${name}.git`;
    const repos = [
      { patterns: ['*/prod', 'secret/a,b'], url: url('prod') },
      { patterns: ['order', 'shop-*'], url: url('shop') },
    ];
    await using backend = gitBackend({ url: url('all'), repos, refreshMs: 0 });
    const expected: readonly (readonly [string, readonly string[], string])[] = [
      ['order', ['dev'], 'shop'],
      ['shop-cart', ['x', 'y'], 'shop'],
      ['order', ['prod'], 'prod'],
      ['pay', ['prod', 'eu'], 'prod'],
      ['pay', ['eu', 'prod'], 'all'],
      ['secret', ['a', 'b'], 'prod'],
      ['orders', ['dev'], 'all'],
    ];
    for (const [name, profiles, from] of expected)
      assert.deepEqual(await fromOf(backend, [name], [...profiles]), [from], `${name}/${profiles}`);
  }));

test('the remote is asked every few seconds, give or take a tenth', async () => {
  await using remote = await gitRemote();
  await remote.push({ 'application.yml': 'from: 1\n' });
  const clock = fakeClock();
  await using backend = gitBackend({ url: remote.url, refreshMs: 1_000 }, { clock, random: seededRandom(7) });
  assert.deepEqual(await fromOf(backend, ['order']), [1]);
  const told = new Promise<void>((resolve) => backend.watch?.(resolve));
  await remote.push({ 'application.yml': 'from: 2\n' });
  await clock.advance(899);
  assert.deepEqual(await fromOf(backend, ['order']), [1]);
  await clock.advance(202);
  await told;
  assert.deepEqual(await fromOf(backend, ['order']), [2]);
});

test('what was fetched is kept in the folder: a start needs no remote', async () => {
  await using remote = await gitRemote();
  const commit = await remote.push({ 'application.yml': 'from: 1\n' });
  const folder = join(dirname(remote.folder), 'state');
  const options = { url: remote.url, refreshMs: 0 };
  {
    await using first = gitBackend(options, { folder });
    await first.refresh();
  }
  await rename(remote.folder, `${remote.folder}.away`);
  await using backend = gitBackend(options, { folder });
  const { version, stale } = await backend.find({ names: ['order'], profiles: ['dev'] });
  assert.deepEqual([version, stale], [commit, [remote.url]]);
});

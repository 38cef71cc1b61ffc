import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { codeOf } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { ConfigFolder } from './config-folder.ts';

async function withFolder(files: Record<string, string>, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-config-'));
  try {
    for (const [name, text] of Object.entries(files)) await put(folder, name, text);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function put(folder: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), text);
}

const namesOf = (sources: readonly { readonly file: string; readonly document: number | undefined }[]) =>
  sources.map(({ file, document }) => (document === undefined ? file : `${file}#${document}`));

test('the last profile comes first, then the name, then the extension; application comes last', () =>
  withFolder(
    {
      'application.yml': 'a: 1',
      'application-p1.yml': 'a: 1',
      'application-p2.yml': 'a: 1',
      'foo.yml': 'a: 1',
      'foo.properties': 'a=1',
      'foo-p1.yaml': 'a: 1',
      'foo-p2.yml': 'a: 1',
      'bar.yml': 'a: 1',
    },
    async (folder) => {
      const { sources } = await new ConfigFolder(folder).find({ names: ['foo'], profiles: ['p1', 'p2'] });
      assert.deepEqual(namesOf(sources), [
        'foo-p2.yml',
        'application-p2.yml',
        'foo-p1.yaml',
        'application-p1.yml',
        'foo.properties',
        'foo.yml',
        'application.yml',
      ]);
    },
  ));

test('the label’s folder comes before the folder, within each profile', () =>
  withFolder(
    { 'foo.yml': 'a: 1', 'v2/foo.yml': 'a: 2', 'foo-p.yml': 'a: 3', 'v2/application.yml': 'a: 4' },
    async (folder) => {
      const found = await new ConfigFolder(folder).find({ names: ['foo'], profiles: ['p'], label: 'v2' });
      assert.deepEqual(namesOf(found.sources), ['foo-p.yml', 'v2/foo.yml', 'v2/application.yml', 'foo.yml']);
      const other = await new ConfigFolder(folder).find({ names: ['foo'], profiles: ['p'], label: 'nowhere' });
      assert.deepEqual(namesOf(other.sources), ['foo-p.yml', 'foo.yml']);
    },
  ));

test('a later document wins, and one for another profile is left out', () =>
  withFolder(
    {
      'foo.yml':
        'a: 1\n---\nspring.config.activate.on-profile: dev & !test\na: 2\n---\nspring:\n  config.activate.on-profile: [prod, test]\na: 3\n',
    },
    async (folder) => {
      const find = async (...profiles: string[]) =>
        namesOf((await new ConfigFolder(folder).find({ names: ['foo'], profiles })).sources);
      assert.deepEqual(await find('dev'), ['foo.yml#1', 'foo.yml#0']);
      assert.deepEqual(await find('dev', 'test'), ['foo.yml#2', 'foo.yml#0']);
      assert.deepEqual(await find('default'), ['foo.yml#0']);
    },
  ));

test('an edit is seen by the next read, and so is a file that comes or goes', () =>
  withFolder({ 'foo.yml': 'a: 1' }, async (folder) => {
    const config = new ConfigFolder(folder);
    const read = async () =>
      (await config.find({ names: ['foo'], profiles: [] })).sources.map(({ properties }) => properties.get('a')?.value);
    assert.deepEqual(await read(), [1]);
    await put(folder, 'foo.yml', 'a: 22');
    assert.deepEqual(await read(), [22]);
    await put(folder, 'application.yml', 'a: 3');
    assert.deepEqual(await read(), [22, 3]);
    await rm(join(folder, 'foo.yml'));
    assert.deepEqual(await read(), [3]);
  }));

test('a file that breaks keeps its last good version, says where, and is mended by the next edit', () =>
  withFolder({ 'foo.yml': 'a: 1\nb: 2\n' }, async (folder) => {
    const config = new ConfigFolder(folder);
    const find = () => config.find({ names: ['foo'], profiles: [] });
    await find();
    await put(folder, 'foo.yml', 'a: 9\nb: [2\n');
    const broken = await find();
    assert.equal(broken.sources[0]?.properties.get('a')?.value, 1, 'never half a document');
    assert.match(broken.stale.join(), /^foo\.yml:\d+:\d+$/);
    assert.match((await config.problems())[0]?.message ?? '', /^foo\.yml:\d+:\d+: /);
    await put(folder, 'foo.yml', 'a: 10\n');
    const mended = await find();
    assert.deepEqual([mended.stale, mended.sources[0]?.properties.get('a')?.value], [[], 10]);
    assert.deepEqual(await config.problems(), []);
  }));

test('a file that was never good is an error with its place', () =>
  withFolder({ 'foo.yml': 'a: [' }, async (folder) => {
    await assert.rejects(new ConfigFolder(folder).find({ names: ['foo'], profiles: [] }), (error: Error) => {
      assert.equal(codeOf(error), 'CONFIG_FILE_INVALID');
      assert.match(error.message, /^foo\.yml:\d+:\d+: /);
      return true;
    });
  }));

test('a link within the folder is followed, one that leads out is not', () =>
  withFolder({ 'data/foo.yml': 'a: 1' }, async (folder) => {
    const outside = await mkdtemp(join(tmpdir(), 'dure-outside-'));
    await writeFile(join(outside, 'secret.yml'), 'password: x');
    await symlink('data/foo.yml', join(folder, 'foo.yml'));
    await symlink(join(outside, 'secret.yml'), join(folder, 'bar.yml'));
    await symlink(outside, join(folder, 'label'));
    const config = new ConfigFolder(folder);
    assert.equal((await config.find({ names: ['foo'], profiles: [] })).sources.length, 1);
    for (const request of [
      { names: ['bar'], profiles: [] },
      { names: ['secret'], profiles: [], label: 'label' },
    ]) {
      await assert.rejects(config.find(request), /link out of the configuration folder/);
    }
    await rm(outside, { recursive: true });
  }));

test('a folder that is not there is an error with its name', async () => {
  const missing = new ConfigFolder('/nowhere/at/all');
  await assert.rejects(missing.find({ names: ['foo'], profiles: [] }), (error: Error) => {
    assert.equal(codeOf(error), 'CONFIG_FOLDER_MISSING');
    assert.match(error.message, /\/nowhere\/at\/all/);
    return true;
  });
  assert.match((await missing.problems())[0]?.message ?? '', /\/nowhere\/at\/all/);
});

test('what the asker may not read is as if it were not there', () =>
  withFolder({ 'order.yml': 'a: 1', 'order-admin.yml': 'secret: x', 'order-dev.yml': 'a: 2' }, async (folder) => {
    const mayRead = (path: string) => path !== 'order-admin.yml';
    const { sources } = await new ConfigFolder(folder).find({ names: ['order'], profiles: ['dev', 'admin'], mayRead });
    assert.deepEqual(namesOf(sources), ['order-dev.yml', 'order.yml']);
  }));

test('a file that is being written anew is not taken for an empty one; one that stays empty is', () =>
  withFolder({ 'foo.yml': 'a: 1' }, async (folder) => {
    await put(folder, 'foo.yml', '');
    const { ctimeMs } = await stat(join(folder, 'foo.yml'));
    const clock = fakeClock(ctimeMs + 10);
    const files = new ConfigFolder(folder, clock);
    const find = async (meanwhile: string) => {
      const finding = files.find({ names: ['foo'], profiles: [] });
      while (clock.pending === 0) await turn();
      await put(folder, 'foo.yml', meanwhile);
      await clock.advance(240);
      return (await finding).sources.map(({ properties }) => properties.get('a')?.value);
    };
    assert.deepEqual(await find('a: 2'), [2]);
    await put(folder, 'foo.yml', '');
    clock.jump((await stat(join(folder, 'foo.yml'))).ctimeMs + 10 - clock.now());
    assert.deepEqual(await find(''), []);
  }));

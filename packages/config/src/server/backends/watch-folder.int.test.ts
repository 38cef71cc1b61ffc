import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { watchFolder } from './watch-folder.ts';

test('a file that is written, replaced again and again, and one in a folder that is new, are all heard of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-watch-'));
  let told = 0;
  const end = watchFolder(folder, systemClock, () => {
    told += 1;
  });
  const heard = async (what: string, act: () => Promise<unknown>) => {
    const before = told;
    await act();
    for (let tries = 0; told === before; tries += 1) {
      assert.ok(tries < 500, `nothing was heard of ${what}`);
      await wait(systemClock, 10);
    }
    await wait(systemClock, 100); // what comes late is not taken for the next
  };
  const path = join(folder, 'order.yml');
  await heard('a new file', () => writeFile(path, 'a: 1\n'));
  for (let round = 0; round < 6; round += 1) {
    await heard(`replacement ${round}`, async () => {
      await writeFile(`${path}.new`, `a: ${round}\n`);
      await rename(`${path}.new`, path);
    });
    await heard(`a write in place ${round}`, () => writeFile(path, `a: ${round}${round}\n`));
  }
  await heard('a new folder', () => mkdir(join(folder, 'main')));
  await heard('a file in the new folder', () => writeFile(join(folder, 'main', 'order.yml'), 'a: 2\n'));
  await heard('a folder that goes', () => rm(join(folder, 'main'), { recursive: true }));
  await heard('a folder that comes again', () => mkdir(join(folder, 'main')));
  await heard('a file in it', () => writeFile(join(folder, 'main', 'order.yml'), 'a: 3\n'));
  end();
  const before = told;
  await writeFile(path, 'a: 9\n');
  await wait(systemClock, 150);
  assert.equal(told, before);
  await rm(folder, { recursive: true });
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keptCopy } from './kept-copy.ts';

test('processes of one service that keep their copies at once leave one whole copy, which only its owner can read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-kept-'));
  const texts = Array.from({ length: 20 }, (_, number) => String(number).repeat(10_000));
  await Promise.all(texts.map((text) => keptCopy(folder).write('order', text)));
  const kept = await keptCopy(folder).read('order');
  assert.ok(kept !== undefined && texts.includes(kept));
  assert.deepEqual(await readdir(folder), ['order.config.json']);
  assert.equal((await stat(join(folder, 'order.config.json'))).mode & 0o777, 0o600);
  assert.equal(await keptCopy(folder).read('user'), undefined);
  await rm(folder, { recursive: true });
});

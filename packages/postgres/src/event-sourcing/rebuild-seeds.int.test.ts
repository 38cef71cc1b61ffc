import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebuildUnderLoad } from '../fixtures/rebuild-seed.ts';

// A hundred of them: rebuild-seeds.night.test.ts.
for (const seed of [0, 1, 2, 3]) {
  test(`a rebuild under appends whose sessions are ended comes to what a replay comes to, seed ${seed}`, async (context) => {
    const rebuilt = await rebuildUnderLoad(seed);
    context.diagnostic(JSON.stringify(rebuilt));
    assert.ok(rebuilt.killed > 0 && rebuilt.written > 0 && rebuilt.reads > 0, JSON.stringify(rebuilt));
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendThrough } from './testing/permit-leak.ts';

// D12 of the test catalogue.
test('after a million calls of every fate all permits are back', async () => {
  let ended = 0;
  for (let part = 1; part <= 10; part += 1) ended += await sendThrough(100_000, part);
  assert.equal(ended, 1_000_000);
});

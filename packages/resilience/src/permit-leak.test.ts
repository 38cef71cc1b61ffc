import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendThrough } from './testing/permit-leak.ts';

// D12 of the test catalogue asks for a million, which are sent in the soak suite.
test('after a hundred thousand calls of every fate all permits are back', async () => {
  assert.equal(await sendThrough(100_000, 1), 100_000);
});

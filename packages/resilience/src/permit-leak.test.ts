import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendThrough } from './testing/permit-leak.ts';

// D12 of the test catalogue asks for a million, which are sent in the soak suite.
test('after twenty thousand calls of every fate all permits are back', async () => {
  assert.equal(await sendThrough(20_000, 1), 20_000);
});

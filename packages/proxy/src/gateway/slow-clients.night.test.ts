import { test } from 'node:test';
import { slowAttack } from '../testing/slow-attack.ts';

// A16 of the test catalogue.
test('a thousand slow connections of one address harm nobody else, and are gone within fifteen seconds', async (t) => {
  const limits = { headersTimeoutMs: 3_000, requestTimeoutMs: 6_000, stallTimeoutMs: 4_000 };
  const tookMs = await slowAttack({ connections: 1_000, requests: 1_000, limits, goneWithinMs: 15_000 });
  t.diagnostic(`all gone after ${Math.round(tookMs)} ms`);
});

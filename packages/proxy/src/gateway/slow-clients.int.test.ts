import { test } from 'node:test';
import { slowAttack } from '../testing/slow-attack.ts';

// A16 of the test catalogue, in small.
test('a hundred slow connections of one address harm nobody else, and end', async (t) => {
  const limits = { headersTimeoutMs: 500, requestTimeoutMs: 1_000, stallTimeoutMs: 1_000, maxConnectionsPerClient: 90 };
  const tookMs = await slowAttack({ connections: 100, requests: 200, limits, goneWithinMs: 15_000 });
  t.diagnostic(`all gone after ${Math.round(tookMs)} ms`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@dure/core';
import { compareEndToEnd } from '../testing/compare-end-to-end.ts';
import { fuzzGateway } from '../testing/fuzz-gateway.ts';

const seed = Math.floor(systemClock.now() / 1_000);

// A4 of the test catalogue.
test('of thirty thousand spoilt streams only what is strictly HTTP reaches an instance, as it was sent', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const { streams, valid, forwarded } = await fuzzGateway(30_000, seed);
  t.diagnostic(`${streams} streams, ${valid} of them valid, ${forwarded} requests forwarded`);
  assert.ok(streams === 30_000 && forwarded > 10_000);
});

// A19 of the test catalogue.
test('ten thousand rows of valid requests and answers pass unchanged but for what is documented', async (t) => {
  t.diagnostic(`seed ${seed}`);
  await compareEndToEnd(10_000, seed);
});

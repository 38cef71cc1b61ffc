import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { memoryRateLimits } from '@dure/resilience';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { openEdge } from '../testing/open-edge.ts';
import type { RequestRateLimiterOptions } from './request-rate-limiter.ts';
import { requestRateLimiter } from './request-rate-limiter.ts';

async function open(options: Partial<RequestRateLimiterOptions> = {}) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const store = memoryRateLimits({ clock, random: seededRandom(1) });
  const layer = requestRateLimiter({ routeId: 'orders', replenishRate: 10, store, telemetry, ...options });
  const edge = await openEdge([layer], { clock, telemetry });
  const ask = async (headers: Record<string, string> = { authorization: 'Bearer ann' }) => {
    const answer = await fetch(edge.origin, { headers });
    await answer.bytes();
    const told = ['remaining', 'replenish-rate', 'burst-capacity', 'requested-tokens'];
    return [answer.status, ...told.map((name) => answer.headers.get(`x-ratelimit-${name}`))];
  };
  return { clock, ask, edge, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

test('tokens are taken, told and replenished as by the filter of Spring', async () => {
  await using under = await open({ burstCapacity: 20, requestedTokens: 8 });
  assert.deepEqual(await under.ask(), [200, '12', '10', '20', '8']);
  assert.deepEqual(await under.ask(), [200, '4', '10', '20', '8']);
  assert.deepEqual(await under.ask(), [429, '4', '10', '20', '8']);
  await under.clock.advance(400);
  assert.deepEqual(await under.ask(), [200, '0', '10', '20', '8']);
});

test('capacity and tokens are one by default', async () => {
  await using under = await open();
  assert.deepEqual(await under.ask(), [200, '0', '10', '1', '1']);
  assert.deepEqual(await under.ask(), [429, '0', '10', '1', '1']);
});

test('a request without a key is refused, with another status, or let through, as is said', async () => {
  await using refusing = await open();
  assert.equal((await refusing.ask({}))[0], 403);
  await using other = await open({ emptyKeyStatus: 401, statusCode: 503 });
  assert.equal((await other.ask({}))[0], 401);
  await other.ask();
  assert.equal((await other.ask())[0], 503);
  await using passing = await open({ denyEmptyKey: false });
  assert.deepEqual(await passing.ask({}), [200, null, null, null, null]);
});

test('a capacity of nothing, or below the tokens of a request, lets nothing through', async () => {
  await using nothing = await open({ burstCapacity: 0 });
  assert.equal((await nothing.ask())[0], 429);
  await using little = await open({ burstCapacity: 2, requestedTokens: 3 });
  assert.equal((await little.ask())[0], 429);
});

test('everything is let through, with -1 remaining, while the store cannot tell', async () => {
  await using under = await open({ store: { take: () => Promise.reject(new TypeError('away')) } });
  assert.deepEqual(await under.ask(), [200, '-1', '10', '1', '1']);
});

test('keys may be read otherwise, and the headers left out', async () => {
  await using under = await open({ keyResolver: { header: 'x-tenant' }, includeHeaders: false });
  assert.deepEqual(await under.ask({ 'x-tenant': 'blue' }), [200, null, null, null, null]);
  assert.equal((await under.ask({ 'x-tenant': 'blue' }))[0], 429);
  assert.equal((await under.ask({ 'x-tenant': 'red' }))[0], 200);
});

test('a rate of nothing is refused when the layer is made', async () => {
  await assert.rejects(open({ replenishRate: 0 }), { code: 'GATEWAY_PROTECTION_INVALID' });
});

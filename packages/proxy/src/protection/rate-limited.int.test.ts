import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { RateLimitStore } from '@dure/resilience';
import { memoryRateLimits } from '@dure/resilience';
import { contract, get } from '@dure/service/contract';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { fieldValue } from '../http/field-lines.ts';
import { openEdge } from '../testing/open-edge.ts';
import type { RateLimitPolicy } from './rate-limit-policy.ts';
import { operationPolicy } from './rate-limit-policy.ts';
import type { RateLimitOptions } from './rate-limited.ts';
import { rateLimited } from './rate-limited.ts';

const perUser: RateLimitPolicy = { name: 'peruser', quota: 2, windowSeconds: 60, by: 'user' };

async function open(policies: readonly RateLimitPolicy[], options: Partial<RateLimitOptions> = {}) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const store = memoryRateLimits({ clock, random: seededRandom(1) });
  const edge = await openEdge([rateLimited({ policies, store, telemetry, ...options })], { clock, telemetry });
  const ask = async (headers: Record<string, string> = {}) => {
    const answer = await fetch(`${edge.origin}/things/1`, { headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text };
  };
  return { clock, telemetry, ask, edge, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

const ann = { authorization: 'Bearer ann' };
const bob = { authorization: 'Bearer bob' };
const from = (address: string) => ({ 'x-test-address': address });

test('every answer tells by the fields of the IETF draft how its client stands', async () => {
  await using under = await open([perUser]);
  const first = await under.ask(ann);
  assert.equal(first.status, 200);
  assert.match(
    first.headers.get('ratelimit-policy') ?? '',
    /^"peruser";q=2;w=60;qu="requests";pk=:[A-Za-z0-9+/]{12}:$/,
  );
  assert.equal(first.headers.get('ratelimit'), '"peruser";r=1;t=30');
  const second = await under.ask(ann);
  assert.equal(second.headers.get('ratelimit'), '"peruser";r=0;t=30');
  assert.equal(second.headers.get('ratelimit-policy'), first.headers.get('ratelimit-policy'));
  assert.notEqual((await under.ask(bob)).headers.get('ratelimit-policy'), first.headers.get('ratelimit-policy'));
});

test('what is too much is a 429 of the type quota-exceeded, which names the policies and the time to wait', async () => {
  await using under = await open([perUser]);
  await under.ask(ann);
  await under.ask(ann);
  await under.clock.advance(10_500);
  const refused = await under.ask(ann);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '20');
  assert.equal(refused.headers.get('ratelimit'), '"peruser";r=0;t=20');
  const problem = JSON.parse(refused.text);
  assert.equal(problem.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded');
  assert.equal(problem.code, 'GATEWAY_RATE_LIMITED');
  assert.deepEqual(problem['violated-policies'], ['peruser']);
  assert.equal(under.edge.arrived.length, 2);
  assert.equal(under.edge.notes[0], 'limit: peruser has less than 1 left');
  assert.match(under.telemetry.metrics.prometheus(), /dure_gateway_rate_limited_total\{policy="peruser"\} 1/);
  await under.clock.advance(20_000);
  assert.equal((await under.ask(ann)).status, 200);
});

test('all policies must allow a request, and one that refuses leaves the others untouched', async () => {
  const all: RateLimitPolicy = { name: 'all', quota: 4, windowSeconds: 60, by: [] };
  await using under = await open([perUser, all]);
  for (let count = 0; count < 5; count += 1) await under.ask(ann);
  const last = await under.ask(ann);
  assert.deepEqual(JSON.parse(last.text)['violated-policies'], ['peruser']);
  assert.match(last.headers.get('ratelimit') ?? '', /^"peruser";r=0;t=30, "all";r=2;t=\d+$/);
  assert.equal((await under.ask(bob)).status, 200);
  assert.equal((await under.ask(bob)).status, 200);
  assert.deepEqual(JSON.parse((await under.ask(from('203.0.113.7'))).text)['violated-policies'], ['all']);
});

test('who has no user is counted by the address, not limited or refused, as the policy says', async () => {
  await using byAddress = await open([{ ...perUser, quota: 1 }]);
  assert.equal((await byAddress.ask(from('203.0.113.1'))).status, 200);
  assert.equal((await byAddress.ask(from('203.0.113.1'))).status, 429);
  assert.equal((await byAddress.ask(from('203.0.113.2'))).status, 200);
  await using passing = await open([{ ...perUser, quota: 1, without: 'pass' }]);
  for (let count = 0; count < 3; count += 1) assert.equal((await passing.ask()).status, 200);
  assert.equal((await passing.ask()).headers.get('ratelimit'), null);
  await using refusing = await open([{ ...perUser, quota: 1, without: 'refuse' }]);
  const refused = await refusing.ask();
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [403, 'GATEWAY_RATE_KEY_MISSING']);
});

test('the addresses of one IPv6 network are one client', async () => {
  await using under = await open([{ name: 'ip', quota: 1, windowSeconds: 60, by: 'address' }]);
  assert.equal((await under.ask(from('2001:db8::1'))).status, 200);
  assert.equal((await under.ask(from('2001:db8::2'))).status, 429);
  assert.equal((await under.ask(from('2001:db8:0:1::1'))).status, 200);
});

test('combinations are counted each by itself, by header fields and functions too', async () => {
  const by: RateLimitPolicy['by'] = ['route', 'operation', 'subject', { header: 'x-tenant' }, ({ method }) => method];
  await using under = await open([{ name: 'both', quota: 1, windowSeconds: 60, by }]);
  const blue = { ...ann, 'x-tenant': 'blue' };
  assert.equal((await under.ask(blue)).status, 200);
  assert.equal((await under.ask(blue)).status, 429);
  assert.equal((await under.ask({ ...blue, 'x-tenant': 'red' })).status, 200);
  assert.equal((await under.ask({ ...blue, ...bob })).status, 200);
  assert.equal((await under.ask({ ...blue, 'x-tenant': 'x'.repeat(5_000) })).status, 200);
  assert.equal((await under.ask({ ...blue, 'x-tenant': 'x'.repeat(5_000) })).status, 429);
});

test('a request may cost more than one unit, at most the burst', async () => {
  const cost: RateLimitPolicy['cost'] = ({ fields }) => Number(fieldValue(fields, 'x-cost'));
  await using under = await open([{ ...perUser, quota: 10, burst: 5, cost }]);
  assert.equal((await under.ask({ ...ann, 'x-cost': '4' })).headers.get('ratelimit'), '"peruser";r=1;t=24');
  assert.equal((await under.ask({ ...ann, 'x-cost': '2' })).status, 429);
  assert.equal((await under.ask({ ...bob, 'x-cost': '99' })).status, 200);
  assert.equal((await under.ask({ ...bob, 'x-cost': '1' })).status, 429);
});

test('an operation brings the limit that its contract declares', () => {
  const { operations } = contract('stock', {
    search: get('/search', { access: 'public', cost: 3, rateLimit: { quota: 30, windowSeconds: 60, per: 'address' } }),
    total: get('/total', { access: 'public', rateLimit: { quota: 30, windowSeconds: 60, burst: 5, per: 'everybody' } }),
    mine: get('/mine', { access: 'user', rateLimit: { quota: 30, windowSeconds: 60 } }),
    free: get('/free', { access: 'public' }),
  });
  const limits = { quota: 30, windowSeconds: 60 };
  assert.deepEqual(operationPolicy(operations.search), { name: 'stock.search', ...limits, by: 'address', cost: 3 });
  assert.deepEqual(operationPolicy(operations.total), { name: 'stock.total', ...limits, burst: 5, by: [], cost: 1 });
  assert.deepEqual(operationPolicy(operations.mine), { name: 'stock.mine', ...limits, by: 'user', cost: 1 });
  assert.equal(operationPolicy(operations.free), undefined);
});

const broken: RateLimitStore = { take: () => Promise.reject(new TypeError('the store is away')) };

test('while the store cannot tell everything is let through, counted, and told once', async () => {
  await using under = await open([perUser], { store: broken });
  for (let count = 0; count < 3; count += 1) {
    const answer = await under.ask(ann);
    assert.deepEqual([answer.status, answer.headers.get('ratelimit')], [200, null]);
  }
  assert.match(under.telemetry.metrics.prometheus(), /dure_gateway_rate_limits_unknown_total\{instead="allow"\} 3/);
  const told = () => under.telemetry.logs.filter(({ message }) => /cannot tell; meanwhile: allow/.test(message)).length;
  assert.equal(told(), 1);
  assert.equal(under.edge.notes[0], 'limit: the store cannot tell: the store is away; instead: allow');
  await under.clock.advance(10_000);
  await under.ask(ann);
  assert.equal(told(), 2);
});

test('while the store cannot tell everything may be refused, or another store asked', async () => {
  await using refusing = await open([perUser], { store: broken, whenUnknown: 'refuse' });
  const refused = await refusing.ask(ann);
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [503, 'GATEWAY_LIMITS_UNKNOWN']);
  assert.equal(refused.headers.get('retry-after'), '1');
  const local = memoryRateLimits({ clock: fakeClock(), random: seededRandom(1) });
  await using asking = await open([perUser], { store: broken, whenUnknown: local });
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await asking.ask(ann)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
});

test('a store that answers later decides as one that answers at once', async () => {
  const memory = memoryRateLimits({ clock: fakeClock(), random: seededRandom(1) });
  await using under = await open([perUser], { store: { take: async (asks) => memory.take(asks) } });
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await under.ask(ann)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
});

const nonsense: readonly (readonly [string, readonly RateLimitPolicy[]])[] = [
  ['a quota of nothing', [{ ...perUser, quota: 0 }]],
  ['a window without an end', [{ ...perUser, windowSeconds: 0.5 }]],
  ['a name that no field can hold', [{ ...perUser, name: 'per "user"' }]],
  ['a burst of nothing', [{ ...perUser, burst: 0 }]],
  ['a cost above the burst', [{ ...perUser, cost: 3 }]],
  ['one name twice', [perUser, perUser]],
];
for (const [what, policies] of nonsense) {
  test(`${what} is refused when the layer is made`, () => {
    const clock = fakeClock();
    const store = memoryRateLimits({ clock, random: seededRandom(1) });
    assert.throws(() => rateLimited({ policies, store, telemetry: memoryTelemetry() }), {
      code: 'GATEWAY_PROTECTION_INVALID',
    });
  });
}

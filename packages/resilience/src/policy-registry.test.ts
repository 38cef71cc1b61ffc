import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagementRequest } from '@dure/core';
import { DureError, plainOperation, Refusal, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { adaptiveLimit } from './adaptive-limit.ts';
import { bulkhead } from './bulkhead.ts';
import { circuitBreakers } from './circuit-breakers.ts';
import { policyRegistry } from './policy-registry.ts';
import { rateLimiter } from './rate-limiter.ts';
import { retry } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { timeout } from './timeout.ts';

function setup() {
  const clock = fakeClock();
  const registry = policyRegistry({ clock, events: 5 });
  const { observe } = registry;
  const breakers = circuitBreakers({ clock, observe, minimumCalls: 2, slowCallMs: 100 });
  const budgets = retryBudgets({ clock });
  const places = bulkhead({ clock, name: 'reports', most: 1, observe });
  const limiter = rateLimiter({ clock, name: 'sms', perSecond: 1, burst: 1, observe });
  registry.add(breakers, budgets, places, limiter, adaptiveLimit({ clock, name: 'api', observe }));
  const ask = async (id: string, path: readonly string[] = [], more: Partial<ManagementRequest> = {}) => {
    const endpoint = registry.endpoints.find((candidate) => candidate.id === id);
    return endpoint?.handle({ method: 'GET', path, query: {}, body: undefined, ...more });
  };
  const body = async (id: string, ...path: string[]) => (await ask(id, path))?.body;
  return { clock, registry, breakers, budgets, places, limiter, observe, ask, body };
}

const down = new DureError('DOWN', 'unavailable', 'down', { retryable: true });

test('circuit breakers are shown as Resilience4j shows them', async () => {
  const { breakers, body } = setup();
  const run = breakers.of('inventory').layer<string, string>()(async () => Promise.reject(down));
  const quiet = {
    failureRate: '-1.0%',
    slowCallRate: '-1.0%',
    failureRateThreshold: '50.0%',
    slowCallRateThreshold: '100.0%',
    bufferedCalls: 0,
    failedCalls: 0,
    slowCalls: 0,
    slowFailedCalls: 0,
    notPermittedCalls: 0,
    state: 'CLOSED',
  };
  assert.deepEqual(await body('circuitbreakers'), { circuitBreakers: { inventory: quiet } });
  for (let call = 0; call < 3; call += 1) await assert.rejects(run('x', testCall()));
  const open = { ...quiet, failureRate: '100.0%', slowCallRate: '0.0%', bufferedCalls: 2, failedCalls: 2 };
  assert.deepEqual(await body('circuitbreakers'), {
    circuitBreakers: { inventory: { ...open, notPermittedCalls: 1, state: 'OPEN' } },
  });
});

test('its events carry type, time and what belongs to them; they can be asked for by name and type', async () => {
  const { breakers, body } = setup();
  const run = breakers.of('inventory').layer<string, string>()(async () => Promise.reject(down));
  for (let call = 0; call < 3; call += 1) await assert.rejects(run('x', testCall()));
  const at = { circuitBreakerName: 'inventory', creationTime: '2026-01-01T00:00:00.000Z[UTC]' };
  const failed = { ...at, type: 'ERROR', errorMessage: 'down', durationInMs: 0 };
  const opened = { ...at, type: 'STATE_TRANSITION', stateTransition: 'CLOSED_TO_OPEN' };
  assert.deepEqual(await body('circuitbreakerevents'), {
    circuitBreakerEvents: [
      failed,
      { ...at, type: 'FAILURE_RATE_EXCEEDED' },
      opened,
      failed,
      { ...at, type: 'NOT_PERMITTED' },
    ],
  });
  assert.deepEqual(await body('circuitbreakerevents', 'inventory', 'STATE_TRANSITION'), {
    circuitBreakerEvents: [opened],
  });
  assert.deepEqual(await body('circuitbreakerevents', 'other'), { circuitBreakerEvents: [] });
});

test('a breaker is switched by hand', async () => {
  const { breakers, ask, body } = setup();
  breakers.of('inventory instance/1');
  const post = (updateState: unknown, name = 'inventory instance/1') =>
    ask('circuitbreakers', [name], { method: 'POST', body: { updateState } });
  for (const [wanted, state] of [
    ['FORCE_OPEN', 'FORCED_OPEN'],
    ['DISABLE', 'DISABLED'],
    ['CLOSE', 'CLOSED'],
  ]) {
    assert.deepEqual((await post(wanted))?.body, {
      circuitBreakerName: 'inventory instance/1',
      currentState: state,
      message: 'inventory instance/1 state has been changed successfully',
    });
  }
  for (const unknown of ['EXPLODE', 'constructor', 7]) assert.equal((await post(unknown))?.status, 400);
  assert.equal((await post(undefined))?.status, 400);
  assert.equal((await post('CLOSE', 'nobody'))?.status, 404);
  assert.equal((await ask('circuitbreakers', [], { method: 'DELETE' }))?.status, 405);
  const { circuitBreakerEvents: events } = (await body('circuitbreakerevents')) as {
    circuitBreakerEvents: { type: string; stateTransition?: string }[];
  };
  assert.deepEqual(
    events.map(({ type, stateTransition }) => stateTransition ?? type),
    ['CLOSED_TO_FORCED_OPEN', 'FORCED_OPEN', 'FORCED_OPEN_TO_DISABLED', 'DISABLED', 'DISABLED_TO_CLOSED'],
  );
});

test('bulkheads, retries and rate limiters are listed, with their events', async () => {
  const { clock, budgets, places, limiter, observe, body, ask } = setup();
  const operation = { ...plainOperation('product', 'get'), idempotent: true };
  const layer = retry<string, string>({ clock, random: seededRandom(1), budget: budgets, attempts: 2, observe });
  const failed = assert.rejects(layer(async () => Promise.reject(down))('x', testCall({ operation })));
  await clock.advance(1_000);
  await failed;
  const defect = layer(async () => Promise.reject(new TypeError('defect')));
  await assert.rejects(defect('x', testCall({ operation })), TypeError);
  const refusal = new Refusal({ service: 'product', operation: 'get', code: 'No', data: {}, status: 409 });
  await assert.rejects(layer(async () => Promise.reject(refusal))('x', testCall({ operation })));
  const blocked = places.layer<string, string>()(() => new Promise(() => undefined));
  void blocked('x', testCall());
  await assert.rejects(blocked('x', testCall()), { code: 'RESILIENCE_BULKHEAD_FULL' });
  const limited = limiter.layer<string, string>()(async (input) => input);
  await limited('x', testCall());
  await assert.rejects(limited('x', testCall()), { code: 'RESILIENCE_RATE_LIMITED' });
  assert.deepEqual(await body('bulkheads'), { bulkheads: ['reports', 'api'] });
  assert.deepEqual(await body('retries'), { retries: ['product'] });
  assert.deepEqual(await body('ratelimiters'), { rateLimiters: ['sms'] });
  const types = async (id: string, list: string) =>
    ((await body(id)) as Record<string, { type: string }[]>)[list]?.map(({ type }) => type);
  assert.deepEqual(await types('bulkheadevents', 'bulkheadEvents'), ['CALL_REJECTED']);
  assert.deepEqual(await types('retryevents', 'retryEvents'), ['RETRY', 'ERROR', 'IGNORED_ERROR']);
  assert.deepEqual(await types('ratelimiterevents', 'rateLimiterEvents'), ['FAILED_ACQUIRE']);
  const slow = timeout<string, string>({ clock, observe })(() => new Promise(() => undefined));
  const late = assert.rejects(slow('x', testCall({ operation: { ...operation, timeoutMs: 50 } })));
  await clock.advance(50);
  await late;
  assert.deepEqual(await body('timelimiters'), { timeLimiters: ['product'] });
  assert.deepEqual(await body('timelimiterevents'), {
    timeLimiterEvents: [{ timeLimiterName: 'product', type: 'TIMEOUT', creationTime: '2026-01-01T00:00:01.050Z[UTC]' }],
  });
  assert.equal((await ask('bulkheads', ['x']))?.status, 404);
  assert.equal((await ask('retryevents', [], { method: 'POST' }))?.status, 405);
});

test('sources and events are bounded', async () => {
  const clock = fakeClock();
  const registry = policyRegistry({ clock, most: 2, events: 3 });
  for (const name of ['a', 'b', 'c']) registry.add(bulkhead({ clock, name }));
  assert.deepEqual(
    registry.policies().map(({ name }) => name),
    ['b', 'c'],
  );
  registry.add(bulkhead({ clock, name: 'd' }), bulkhead({ clock, name: 'e' }), bulkhead({ clock, name: 'f' }));
  assert.deepEqual(
    registry.policies().map(({ name }) => name),
    ['e', 'f'],
    'regression: what came after the one that was too many was not added',
  );
  for (let event = 0; event < 10; event += 1) registry.observe({ kind: 'bulkhead-full', name: 'a', why: 'queue' });
  const shown = registry.endpoints.find(({ id }) => id === 'bulkheadevents');
  const answer = await shown?.handle({ method: 'GET', path: [], query: {}, body: undefined });
  assert.equal((answer?.body as { bulkheadEvents: unknown[] } | undefined)?.bulkheadEvents.length, 3);
});

test('health shows each breaker, and an open one never takes the service down', async () => {
  const { registry, breakers } = setup();
  assert.deepEqual(await registry.health.check(), { status: 'UP', details: {} });
  breakers.of('a').switchTo('open');
  const shown = await registry.health.check();
  assert.equal(shown.status, 'UNKNOWN');
  const { a } = shown.details as Record<string, { status: string; details: { state: string } }>;
  assert.deepEqual([a?.status, a?.details.state], ['CIRCUIT_OPEN', 'OPEN']);
  breakers.of('b');
  assert.equal((await registry.health.check()).status, 'UP');
  breakers.of('b').switchTo('disabled');
  assert.equal((await registry.health.check()).status, 'UNKNOWN');
});

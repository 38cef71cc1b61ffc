import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import type { Call, Clock } from '@dure/core';
import { codeOf, formatFallbacks, seededRandom, systemClock, systemRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { fallbackOf } from '@dure/resilience';
import type { SpanRecord } from '@dure/telemetry';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { mockService } from '../testing/index.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient, localClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const Stock = z.object({ sku: z.string(), left: z.int() });
const stock = contract('stock', {
  left: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: Stock,
    access: 'public',
    fallback: { lastGood: { oldestMs: 60_000 }, value: { sku: '', left: 0 } },
    refuses: { Unknown: { status: 404, data: z.object({}) } },
  }),
  mine: get('/mine', {
    output: z.object({ whose: z.string() }),
    access: 'user',
    fallback: { lastGood: { oldestMs: 60_000 } },
  }),
});
const tea = { params: { sku: 'tea' } };
const user = (subject: string) => testCall({ identity: { kind: 'user', subject, roles: [], scopes: [] } });

function kit(instances: Parameters<typeof staticInstances>[0], clock: Clock = systemClock) {
  const telemetry = memoryTelemetry();
  const list = staticInstances(instances);
  const layers = outboundLayers({
    clock,
    random: seededRandom(1),
    telemetry,
    balancer: balancer({ instances: list, clock, random: systemRandom }),
  });
  const transport = httpTransport({ clock, signer: { authorize: async () => 'Bearer x' } });
  return { telemetry, layers, transport, [Symbol.asyncDispose]: () => transport.close() };
}

/** A stock service whose mood is set by the test. */
async function moodyStock() {
  const state: { mood: 'well' | 'down' | 'unknown'; left: number } = { mood: 'well', left: 3 };
  const answer = <T>(good: T) => {
    if (state.mood === 'down') throw serviceErrors.CONNECT_FAILED('its database is away');
    if (state.mood === 'unknown') throw stock.refuse.left.Unknown({});
    return good;
  };
  const service = await mockService(stock, {
    left: ({ params }) => answer({ sku: params.sku, left: state.left }),
    mine: () => answer({ whose: 'sora' }),
  });
  return Object.assign(state, { service, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() });
}

const told = (call: Call) => formatFallbacks(call.fallbacks.all());

describe('a fallback that the contract declares', () => {
  test('is the last good answer to the same question, else the value; the answer is marked as such', async () => {
    await using remote = await moodyStock();
    await using own = kit({ stock: [remote.service.instance] });
    const client = httpClient(stock, own.layers, own.transport);
    const before = testCall();
    const good = await client.left(tea, before);
    assert.deepEqual([good, fallbackOf(good), told(before)], [{ sku: 'tea', left: 3 }, undefined, undefined]);
    remote.mood = 'down';
    const call = testCall();
    const last = await client.left(tea, call);
    assert.deepEqual([last, fallbackOf(last)?.kind], [{ sku: 'tea', left: 3 }, 'last-good']);
    assert.match(told(call) ?? '', /^stock\.left;kind=last-good;age=\d+$/);
    const other = testCall();
    assert.deepEqual(await client.left({ params: { sku: 'cup' } }, other), { sku: '', left: 0 });
    assert.equal(told(other), 'stock.left;kind=value');
  });

  test('shows on the span of the call, which has not failed, and in the log with the reason', async () => {
    await using own = kit({ stock: [] });
    const client = httpClient(stock, own.layers, own.transport);
    await client.left(tea, testCall());
    const span = own.telemetry.spans.find(({ name }: SpanRecord) => name === 'stock.left');
    assert.deepEqual([span?.attributes['dure.fallback'], span?.failure], ['value', undefined]);
    const line = own.telemetry.lines.find((text) => text.includes('answered by its fallback'));
    assert.match(line ?? '', /SERVICE_NO_INSTANCE/);
  });

  test('never stands in for a refusal', async () => {
    await using remote = await moodyStock();
    await using own = kit({ stock: [remote.service.instance] });
    remote.mood = 'unknown';
    const answer = await httpClient(stock, own.layers, own.transport).left.attempt(tea, testCall());
    assert.deepEqual(answer, { ok: false, refusal: { code: 'Unknown', data: {} } });
  });

  test('can be declined by a caller', async () => {
    await using own = kit({ stock: [] });
    const client = httpClient(stock.with({ left: { fallback: false } }), own.layers, own.transport);
    await assert.rejects(client.left(tea, testCall()), (error) => codeOf(error) === 'SERVICE_NO_INSTANCE');
  });

  test('is nobody else’s answer where the operation is not public', async () => {
    await using remote = await moodyStock();
    await using own = kit({ stock: [remote.service.instance] });
    const client = httpClient(stock, own.layers, own.transport);
    await client.mine({}, user('sora'));
    remote.mood = 'down';
    assert.deepEqual(await client.mine({}, user('sora')), { whose: 'sora' });
    await assert.rejects(client.mine({}, user('minho')), (error) => codeOf(error) === 'SERVICE_CONNECT_FAILED');
  });

  test('is given up when it is too old', async () => {
    const clock = fakeClock();
    const own = kit({}, clock);
    let isDown = false;
    const target = {
      invoke: async () => {
        if (isDown) throw serviceErrors.STOPPING('no more');
        return { whose: 'sora' };
      },
    };
    const client = localClient(stock, own.layers, { service: 'shop', scopes: () => [] }, () => target);
    await client.mine({}, user('sora'));
    isDown = true;
    await clock.advance(61_000);
    const asked = client.mine({}, user('sora'));
    asked.catch(() => undefined);
    await clock.advance(10_000);
    await assert.rejects(asked, (error) => codeOf(error) === 'SERVICE_STOPPING');
  });

  test('is told over every hop: the answer that was made with it says so', async () => {
    await using own = kit({ stock: [] });
    const client = httpClient(stock, own.layers, own.transport);
    const page = contract('page', { show: get('/page', { output: Stock, access: 'public' }) });
    await using shown = await mockService(page, { show: (_: unknown, call: Call) => client.left(tea, call) });
    const response = await fetch(`${shown.url}/page`);
    assert.equal(response.headers.get('dure-fallback'), 'stock.left;kind=value');
    await using above = kit({ page: [shown.instance] });
    const call = testCall();
    await httpClient(page, above.layers, above.transport).show({}, call);
    assert.equal(told(call), 'stock.left;kind=value');
  });
});

describe('a fallback that makes no sense is refused with the contract', () => {
  const invalid = (declare: () => unknown, why: RegExp) =>
    assert.throws(declare, (error: Error) => codeOf(error) === 'SERVICE_CONTRACT_INVALID' && why.test(error.message));

  test('where an effect may have taken place', () => {
    invalid(
      () =>
        contract('stock', {
          take: post('/takings', { output: Stock, access: 'public', fallback: { value: { sku: '', left: 0 } } }),
        }),
      /stock\.take: .*idempotent/,
    );
  });

  test('where there is no whole answer, nothing to give, or a value that is no output', () => {
    const declared = (fallback: object, stream = false) =>
      contract('stock', { left: get('/left', { output: Stock, access: 'public', stream, fallback } as never) });
    invalid(() => declared({ value: { sku: '', left: 0 } }, true), /stream/);
    invalid(() => declared({}), /`value`, or `lastGood`/);
    invalid(() => declared({ lastGood: { oldestMs: 0 } }), /at least 1/);
    invalid(() => declared({ value: { sku: 7 } }), /fallback\.value\.sku/);
  });
});

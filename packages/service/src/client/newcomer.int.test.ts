import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import { codeOf, seededRandom, systemClock, systemRandom } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { MockService } from '../testing/index.ts';
import { mockService } from '../testing/index.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

// The contract says what an operation is. It says nothing of retries, breakers, timeouts or balancing.
const stock = contract('stock', {
  left: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ left: z.int() }),
    access: 'public',
  }),
  take: post('/stock/:sku/takings', { params: z.object({ sku: z.string() }), access: 'public' }),
});
const sku = { params: { sku: 'A-1' } };
const down = () => {
  throw serviceErrors.CONNECT_FAILED('its database is away');
};

/** A client as the host makes it for `uses: { stock }`, without an option anywhere. */
async function newcomer(instances: readonly MockService<typeof stock>[], clock = systemClock) {
  const list = staticInstances({ stock: instances.map(({ instance }) => instance) });
  const layers = outboundLayers({
    clock,
    random: seededRandom(1),
    telemetry: silentTelemetry(testIds()),
    balancer: balancer({ instances: list, clock, random: systemRandom }),
  });
  const transport = httpTransport({ clock, signer: { authorize: async () => '' } });
  return { ...httpClient(stock, layers, transport), [Symbol.asyncDispose]: () => transport.close() };
}

describe('somebody who configures nothing', () => {
  test('has calls spread over all instances', async () => {
    await using one = await mockService(stock, { left: { left: 1 } });
    await using two = await mockService(stock, { left: { left: 2 } });
    await using client = await newcomer([one, two]);
    for (let turn = 0; turn < 20; turn += 1)
      await Promise.all(Array.from({ length: 10 }, () => client.left(sku, testCall())));
    const counts = [one.calls.left.length, two.calls.left.length];
    assert.ok(Math.min(...counts) >= 40, `${counts} of 200 calls`);
  });

  test('sees no failure of a read while one of two instances is out of order, and soon leaves that one alone', async () => {
    await using healthy = await mockService(stock, { left: { left: 1 } });
    await using broken = await mockService(stock, { left: down });
    await using client = await newcomer([healthy, broken]);
    for (let turn = 0; turn < 200; turn += 1) assert.deepEqual(await client.left(sku, testCall()), { left: 1 });
    assert.ok(broken.calls.left.length < 30, `${broken.calls.left.length} of 200 calls went to the broken one`);
  });

  test('is not kept waiting by an instance that is stopping while another is there', async () => {
    const stopping = () => {
      throw serviceErrors.STOPPING('stock is stopping');
    };
    await using leaving = await mockService(stock, { left: stopping });
    await using staying = await mockService(stock, { left: { left: 1 } });
    await using client = await newcomer([leaving, staying]);
    const startedMs = systemClock.monotonicMs();
    while (leaving.calls.left.length < 2) await client.left(sku, testCall());
    assert.ok(systemClock.monotonicMs() - startedMs < 900, 'nobody waited for the Retry-After of one instance');
  });

  test('never has a write sent twice', async () => {
    await using broken = await mockService(stock, { take: down });
    await using client = await newcomer([broken]);
    await assert.rejects(client.take(sku, testCall()), (error) => codeOf(error) === 'SERVICE_CONNECT_FAILED');
    assert.equal(broken.calls.take.length, 1);
  });

  test('does not make an outage worse: retries have a budget, then a breaker sends nothing at all', async () => {
    await using broken = await mockService(stock, { left: down });
    await using client = await newcomer([broken]);
    const codes = new Set<string | undefined>();
    const oneCall = () => client.left(sku, testCall()).catch((error: unknown) => codes.add(codeOf(error)));
    for (let turn = 0; turn < 12; turn += 1) await oneCall();
    await Promise.all(Array.from({ length: 48 }, oneCall));
    assert.ok(broken.calls.left.length <= 60 * 1.2 + 10, `${broken.calls.left.length} requests for 60 calls`);
    assert.ok(codes.has('RESILIENCE_BREAKER_OPEN'), [...codes].join(', '));
    const before = broken.calls.left.length;
    await client.left(sku, testCall()).catch(() => {});
    assert.ok(broken.calls.left.length - before <= 1);
  });

  test('waits for nobody longer than five seconds', async () => {
    const clock = fakeClock();
    await using silent = await mockService(stock, { take: () => new Promise<void>(() => {}) });
    await using client = await newcomer([silent], clock);
    const call = client.take(sku, testCall());
    const refused = assert.rejects(
      call,
      (error) => codeOf(error) === 'RESILIENCE_TIMEOUT' && /no answer within 5000 ms/.test(String(error)),
    );
    while (silent.calls.take.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(4_990);
    assert.equal(await Promise.race([call.catch(() => 'over'), Promise.resolve('waiting')]), 'waiting');
    await clock.advance(100);
    await refused;
  });
});

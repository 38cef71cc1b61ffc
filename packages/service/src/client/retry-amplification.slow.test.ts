import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance } from '@dure/balancer';
import { balancer, staticInstances } from '@dure/balancer';
import type { Call } from '@dure/core';
import { systemClock as clock, DureError, seededRandom } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { contract, get } from '../contract/index.ts';
import { mockService } from '../testing/mock-service.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const contractOf = (name: string) => contract(name, { ask: get('/ask', { access: 'public' }) });
const down = new DureError('D_DOWN', 'upstream', 'down', { retryable: true });

/** A client with the layers, budgets and connections of a process of its own. */
function clientOf(name: string, instance: Instance, seed: number) {
  const random = seededRandom(seed);
  const list = staticInstances({ [name]: [instance] });
  const telemetry = silentTelemetry(testIds());
  const layers = outboundLayers({ clock, random, telemetry, balancer: balancer({ instances: list, clock, random }) });
  // Breakers that never open: the budget alone has to bear it.
  layers.update({ circuitBreaker: { window: 100_000, minimumCalls: 100_000 } });
  const transport = httpTransport({ clock, signer: { authorize: async () => '' } });
  const { ask } = httpClient(contractOf(name), layers, transport);
  return { ask: (call: Call) => ask({}, call), close: () => transport.close() };
}

/**
 * What reaches D for each request of a user, who asks A, which asks B, which asks C, which asks D, which always fails; once
 * the ten retries a second that are always allowed, a hundred at the start, have been used up at each hop.
 */
async function amplification(onward: (call: Call) => Call): Promise<number> {
  await using opened = new AsyncDisposableStack();
  const d = opened.use(await mockService(contractOf('d'), { ask: down }));
  let { instance } = d;
  let callee = 'd';
  for (const [place, name] of ['c', 'b', 'a'].entries()) {
    const client = clientOf(callee, instance, place);
    opened.defer(client.close);
    const answer = (_: unknown, call: Call) => client.ask(onward(call));
    instance = opened.use(await mockService(contractOf(name), { ask: answer })).instance;
    callee = name;
  }
  const user = clientOf('a', instance, 9);
  opened.defer(user.close);
  const send = async (requests: number) => {
    let left = requests;
    const one = async () => {
      while (left > 0) {
        left -= 1;
        await assert.rejects(user.ask(testCall()), { code: 'D_DOWN' });
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
  };
  await send(300);
  const before = d.calls.ask.length;
  await send(1_000);
  return (d.calls.ask.length - before) / 1_000;
}

// D6 of the test catalogue, over the network.
test('when the last of four services fails, at most 1.5 of the requests reach it', async () => {
  const perRequest = await amplification((call) => call);
  assert.ok(perRequest <= 1.5, `${perRequest}`);
  assert.ok(perRequest >= 1.2, `the budgets are used: ${perRequest}`);
});

test('when services do not honour the budget of their callers more than twice the requests reach it: the exam can be failed', async () => {
  const perRequest = await amplification((call) => call.with({ attempt: { number: 1, tried: [] } }));
  assert.ok(perRequest > 2, `${perRequest}`);
});

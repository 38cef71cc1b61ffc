import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Instance } from '@dure/balancer';
import { balancer, consistentHash, staticInstance, staticInstances } from '@dure/balancer';
import type { Call } from '@dure/core';
import { codeOf, DureError, seededRandom, wait } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import type { Contract } from '../contract/index.ts';
import { contract, get } from '../contract/index.ts';
import type { HttpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const bindings = { left: get('/left', { query: z.object({ of: z.string() }), output: z.unknown(), access: 'public' }) };
const stock = contract('stock', bindings);

type Behaviour = (call: Call, clock: ReturnType<typeof fakeClock>) => Promise<unknown>;
const well: Behaviour = async (_, clock) => void (await wait(clock, 5));
const down: Behaviour = async (_, clock) => {
  await wait(clock, 1);
  throw new DureError('TEST_DOWN', 'unavailable', 'down', { retryable: true });
};
const limiting: Behaviour = async (_, clock) => {
  await wait(clock, 1);
  throw new DureError('TEST_LIMITED', 'limited', 'too many', { retryable: true });
};
const overloaded: Behaviour = async (_, clock) => {
  await wait(clock, 1);
  throw new DureError('RESILIENCE_OVERLOADED', 'unavailable', 'too many at once', { retryable: true });
};

/** A service whose instances behave as told, called through all of a service's outbound layers in virtual time. */
function openStock(behaviours: readonly Behaviour[], called: Contract<'stock', typeof bindings> = stock) {
  const clock = fakeClock();
  const list: Instance[] = behaviours.map((_, index) => ({
    ...staticInstance('stock', `http://127.0.0.1:${index + 1}`),
    metadata: { version: String(index) },
  }));
  const asked = behaviours.map(() => 0);
  const transport: HttpTransport = {
    sender: () => (_input, call) => {
      const index = (call.attempt.target?.port ?? 0) - 1;
      asked[index] = (asked[index] ?? 0) + 1;
      return (behaviours[index] ?? down)(call, clock);
    },
    close: async () => {},
  };
  const telemetry = memoryTelemetry({ clock, ids: testIds() });
  const { rule } = called.policies.every;
  const balance = balancer({
    instances: staticInstances({ stock: list }),
    clock,
    random: seededRandom(1),
    ...(rule === undefined ? {} : { rules: { stock: rule } }),
  });
  const layers = outboundLayers({ clock, random: seededRandom(2), telemetry, balancer: balance });
  const client = httpClient(called, layers, transport);
  const call = (of = 'x') => client.left({ query: { of } }, testCall());
  return { clock, asked, telemetry, layers, client, call };
}

/** So many calls a second for so long; how many failed, by code. */
async function load({ clock, call }: ReturnType<typeof openStock>, perSecond: number, seconds: number) {
  const failed = new Map<string, number>();
  const calls: Promise<void>[] = [];
  for (let count = 0; count < perSecond * seconds; count += 1) {
    calls.push(
      call().then(
        () => undefined,
        (error: unknown) => void failed.set(String(codeOf(error)), (failed.get(String(codeOf(error))) ?? 0) + 1),
      ),
    );
    await clock.advance(1_000 / perSecond);
  }
  await clock.advance(60_000);
  await Promise.all(calls);
  return Object.fromEntries(failed);
}

describe('under load, one of three instances', () => {
  test('that fails at once costs no call: an open breaker does not pass for a quick instance', async () => {
    const opened = openStock([well, well, down]);
    assert.deepEqual(await load(opened, 400, 5), {});
    const [one = 0, two = 0, broken = 0] = opened.asked;
    assert.ok(broken < 100 && Math.min(one, two) > 600, `asked ${opened.asked}`);
  });

  test('that limits its callers is spared', async () => {
    const opened = openStock([well, well, limiting]);
    assert.deepEqual(await load(opened, 400, 5), {});
    const [one = 0, two = 0, limited = 0] = opened.asked;
    assert.ok(limited < 200 && Math.min(one, two) > 600, `asked ${opened.asked}`);
  });

  test('that has too many calls is spared', async () => {
    const opened = openStock([well, well, overloaded]);
    assert.deepEqual(await load(opened, 400, 5), {});
    const [one = 0, two = 0, busy = 0] = opened.asked;
    assert.ok(busy < 200 && Math.min(one, two) > 600, `asked ${opened.asked}`);
  });
});

test('an instance that refuses most of its calls for having too many is asked for the others all the same', async () => {
  let count = 0;
  const mostly: Behaviour = (call, clock) => {
    count += 1;
    return (count % 10 === 0 ? well : overloaded)(call, clock);
  };
  const opened = openStock([mostly]);
  const failed = await load(opened, 400, 5);
  assert.deepEqual(Object.keys(failed), ['RESILIENCE_OVERLOADED'], 'no breaker opened');
  assert.ok((opened.asked[0] ?? 0) >= 2_000);
});

test('when the breakers of all instances are open, the call says so', async () => {
  const opened = openStock([down, down]);
  await load(opened, 400, 1);
  const call = assert.rejects(opened.call(), (error) => /BREAKER_OPEN|TEST_DOWN/.test(String(codeOf(error))));
  await opened.clock.advance(5_000);
  await call;
});

test('each attempt that failed is an event on the span of the call', async () => {
  const opened = openStock([down]);
  const call = assert.rejects(opened.call());
  await opened.clock.advance(10_000);
  await call;
  const events = opened.telemetry.spans.at(-1)?.events ?? [];
  assert.deepEqual(
    events.map(({ name, attributes }) => [name, attributes.attempt, attributes.code]),
    [1, 2, 3].map((attempt) => ['attempt failed', attempt, 'TEST_DOWN']),
  );
});

describe('a policy at the place of use', () => {
  test('keeps the calls with one key at one instance', async () => {
    const sticky = stock.with({}, { rule: consistentHash(), prefer: (input) => ({ key: (input as Input).query.of }) });
    const opened = openStock([well, well, well], sticky);
    for (let count = 0; count < 30; count += 1) {
      const call = opened.call('sora');
      await opened.clock.advance(10); // one after the other: no instance gets much more than its share at once
      await call;
    }
    assert.deepEqual(opened.asked.toSorted(), [0, 0, 30]);
  });

  test('asks for a version', async () => {
    const opened = openStock([well, well, well], stock.with({}, { prefer: () => ({ version: '1' }) }));
    const calls = Array.from({ length: 30 }, () => opened.call());
    await opened.clock.advance(1_000);
    await Promise.all(calls);
    assert.deepEqual(opened.asked, [0, 30, 0]);
  });

  test('hedges: a second attempt elsewhere, when the first takes longer than nearly all do', async () => {
    let isSlow = false;
    const sometimes: Behaviour = async (_, clock) => void (await wait(clock, isSlow ? 2_000 : 5));
    const opened = openStock([sometimes, well], stock.with({ left: { hedge: true } }));
    await load(opened, 100, 2);
    isSlow = true;
    const before = opened.asked.reduce((sum, count) => sum + count, 0);
    let answered = 0;
    const calls = Array.from({ length: 20 }, () => opened.call().then(() => (answered += 1)));
    await opened.clock.advance(200);
    assert.equal(answered, 20);
    assert.ok(opened.asked.reduce((sum, count) => sum + count, 0) > before + 20, 'some were sent twice');
    await Promise.all(calls);
  });

  test('bounds the calls under way, of all operations together, and shows it at the actuator', async () => {
    let most = 0;
    let running = 0;
    const counting: Behaviour = async (_, clock) => {
      running += 1;
      most = Math.max(most, running);
      await wait(clock, 50);
      running -= 1;
    };
    const opened = openStock([counting], stock.with({}, { bulkhead: { most: 3, queue: 2 } }));
    const outcomes = Promise.allSettled(Array.from({ length: 8 }, () => opened.call()));
    await opened.clock.advance(5_000);
    const refused = (await outcomes).filter(({ status }) => status === 'rejected').length;
    assert.equal(most, 3);
    assert.ok(refused <= 3, `${refused} refused`);
    const shown = opened.layers.endpoints.find(({ id }) => id === 'bulkheads');
    const answer = await shown?.handle({ method: 'GET', path: [], query: {}, body: undefined } as never);
    assert.match(JSON.stringify(answer), /"stock"/);
  });
});

interface Input {
  readonly query: { readonly of: string };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { openEdge } from '../testing/open-edge.ts';
import { loadShedding } from './load-shedding.ts';

async function open() {
  const delay = { ms: 0 };
  const telemetry = memoryTelemetry();
  const loopDelay = { delayMs: () => delay.ms, close: () => {} };
  const layer = loadShedding({ loopDelay, random: seededRandom(1), telemetry, maxLoopDelayMs: 50 });
  const edge = await openEdge([layer], { telemetry });
  const ask = async (headers: Record<string, string> = {}) => {
    const answer = await fetch(edge.origin, { headers });
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
  };
  const shed = async (count: number, headers: Record<string, string> = {}) => {
    let refused = 0;
    for (let index = 0; index < count; index += 1) if ((await ask(headers)).status === 503) refused += 1;
    return refused;
  };
  return { ask, shed, delay, edge, telemetry, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

const ann = { authorization: 'Bearer ann' };

test('nothing is turned away while the event loop is in time', async () => {
  await using under = await open();
  under.delay.ms = 50;
  assert.equal(await under.shed(20), 0);
});

test('the later the event loop, the more is turned away, and at twice the bound everything', async () => {
  await using under = await open();
  under.delay.ms = 75;
  const some = await under.shed(60);
  assert.ok(some > 15 && some < 45, `${some} of 60 at half`);
  under.delay.ms = 100;
  assert.equal(await under.shed(20), 20);
  assert.equal(under.edge.notes.at(-2), 'shed: the event loop was 100 ms late');
  assert.match(under.telemetry.metrics.prometheus(), new RegExp(`dure_gateway_shed_total ${some + 20}`));
});

test('who is signed in is turned away last', async () => {
  await using under = await open();
  under.delay.ms = 100;
  assert.deepEqual([await under.shed(10), await under.shed(10, ann)], [10, 0]);
  under.delay.ms = 150;
  assert.equal(await under.shed(10, ann), 10);
});

test('who is turned away hears a problem of the type temporary-reduced-capacity and different times to come back', async () => {
  await using under = await open();
  under.delay.ms = 1_000;
  const times = new Set<string | null>();
  for (let count = 0; count < 30; count += 1) {
    const { status, retryAfter, text } = await under.ask();
    assert.equal(status, 503);
    const { type, code } = JSON.parse(text);
    assert.equal(type, 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity');
    assert.equal(code, 'GATEWAY_REDUCED_CAPACITY');
    times.add(retryAfter);
  }
  assert.deepEqual([...times].sort(), ['1', '2', '3', '4', '5']);
});

test('a bound of nothing is refused when the layer is made', () => {
  const loopDelay = { delayMs: () => 0, close: () => {} };
  assert.throws(
    () => loadShedding({ loopDelay, random: seededRandom(1), telemetry: memoryTelemetry(), maxLoopDelayMs: 0 }),
    { code: 'GATEWAY_PROTECTION_INVALID' },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { contract, get } from '@dure/service/contract';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { openEdge } from '../testing/open-edge.ts';
import { until } from '../testing/until.ts';
import { contractDrift } from './contract-drift.ts';

const output = z.object({ sku: z.string(), available: z.int() });
const { getStock } = contract('stock', { getStock: get('/stock', { output, access: 'public' }) }).operations;

/** Answers in turn with statuses and bodies that a test gives. */
async function drifting(answers: readonly (readonly [number, string])[], share: number) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const layers: EdgeLayer[] = [contractDrift(getStock, { share, clock, telemetry })];
  let next = 0;
  const edge = await openEdge(layers, {
    handler: ({ answer }) => {
      const [status, body] = answers[next % answers.length] ?? [500, ''];
      next += 1;
      answer.begin(status, ['content-type', 'application/json'], body.length);
      answer.end(Buffer.from(body));
    },
  });
  return {
    clock,
    told: () => telemetry.logs.filter(({ message }) => message.includes('its contract does not say')),
    ask: async () => (await fetch(`${edge.origin}/stock`)).text(),
    [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose](),
  };
}

test('an answer that its contract does not say is told by its places, and reaches the client as it is', async () => {
  const answer = '{"sku":"A-1","available":"secret"}';
  await using world = await drifting([[200, answer]], 1);
  assert.equal(await world.ask(), answer);
  await until('the drift is told', () => world.told().length === 1);
  assert.match(world.told()[0]?.message ?? '', /^stock\.getStock answers .*answer\.available/);
  assert.doesNotMatch(world.told()[0]?.message ?? '', /secret/);
  for (let count = 0; count < 5; count += 1) await world.ask();
  assert.equal(world.told().length, 1, 'one line a minute');
  await world.clock.advance(60_000);
  await world.ask();
  await until('it is told again', () => world.told().length === 2);
});

test('answers that fit, other statuses, and a share of none tell nothing', async () => {
  await using fitting = await drifting(
    [
      [200, '{"sku":"A-1","available":3}'],
      [404, '{}'],
    ],
    1,
  );
  for (let count = 0; count < 4; count += 1) await fitting.ask();
  assert.deepEqual(fitting.told(), []);
  await using off = await drifting([[200, '{"nothing":true}']], 0);
  await off.ask();
  assert.deepEqual(off.told(), []);
});

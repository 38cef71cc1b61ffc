import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import type { Call } from '@dure/core';
import { DureError, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import type { HttpTransport } from './http-transport.ts';
import { httpClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const stock = contract('stock', {
  read: get('/stock', { output: z.object({ left: z.int() }), access: 'public' }),
  list: get('/list', { output: z.object({ left: z.int() }), access: 'public' }),
});

test('a call inside a unit of work goes on, is counted, and is warned of once for each operation', async () => {
  const [clock, random, telemetry] = [fakeClock(), seededRandom(1), memoryTelemetry()];
  const open = new WeakSet<Call['positions']>();
  let fails = 2;
  const transport: HttpTransport = {
    sender: () => async () => {
      if (fails-- > 0) throw new DureError('TEST_DOWN', 'unavailable', 'down', { retryable: true });
      return { left: 1 };
    },
    close: async () => {},
  };
  const instances = staticInstances({ stock: [staticInstance('stock', 'http://127.0.0.1:1')] });
  const layers = outboundLayers({
    clock,
    random,
    telemetry,
    balancer: balancer({ instances, clock, random }),
    inUnit: ({ positions }) => open.has(positions),
  });
  const client = httpClient(stock, layers, transport);
  const [outside, inside] = [testCall(), testCall()];
  open.add(inside.positions);
  const first = client.read({}, inside);
  await clock.advance(10_000);
  assert.deepEqual(await first, { left: 1 });
  await client.read({}, inside.with({ baggage: { a: 'copy' } }));
  await client.list({}, inside);
  await client.read({}, outside);
  const warnings = telemetry.logs.filter(({ level, message }) => level === 'warn' && /unit of work/.test(message));
  assert.deepEqual(
    warnings.map(({ message }) => message.split(' ', 1)[0]),
    ['stock.read', 'stock.list'],
  );
  const counted = telemetry.metrics.prometheus();
  assert.match(counted, /^service_calls_in_units_of_work_total\{operation="stock.read"\} 2$/m);
  assert.match(counted, /^service_calls_in_units_of_work_total\{operation="stock.list"\} 1$/m);
});

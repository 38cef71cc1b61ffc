import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from './client/registry-client.ts';
import type { RegistryOptions } from './server/registry-service.ts';
import { startRegistry } from './testing/start-registry.ts';

const subscribers = 500;
const instances = 300;

interface Herd {
  /** The share of the subscribers that the busiest second let in. */
  readonly busiest: number;
  readonly lastMs: number;
  /** Of the registry's answers to somebody else, meanwhile. */
  readonly p99Ms: number;
}

/** 500 subscribers come at once to a registry that knows 300 instances. */
async function herd(context: TestContext, options: RegistryOptions): Promise<Herd> {
  await using registry = await startRegistry(options);
  await using client = registryClient({
    url: registry.url,
    signer: registry.signer('stock'),
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
  for (let index = 0; index < instances; index += 1) {
    const instanceId = `stock:${index}`;
    await client.register({ service: 'stock', instanceId, host: 'h', port: 1, managementPort: 2, metadata: {} });
  }
  const child = spawn(
    process.execPath,
    [`${import.meta.dirname}/testing/herd.main.ts`, registry.url, `${subscribers}`],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  context.after(() => void child.kill('SIGKILL'));
  const came: number[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => came.push(Number(line)));
  const took: number[] = [];
  const until = performance.now() + 40_000;
  while (came.length < subscribers && performance.now() < until) {
    const asked = performance.now();
    const headers = { authorization: 'Bearer order', accept: 'application/json' };
    const answer = await fetch(`${registry.url}/eureka/apps/STOCK/stock:0`, { headers });
    await answer.text();
    assert.equal(answer.status, 200);
    took.push(performance.now() - asked);
    await pause(20);
  }
  child.kill('SIGKILL');
  assert.equal(came.length, subscribers, 'everybody came in');
  const perSecond = Map.groupBy(came, (ms) => Math.floor(ms / 1_000));
  const busiest = Math.max(...perSecond.values().map(({ length }) => length)) / subscribers;
  const p99Ms = took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.POSITIVE_INFINITY;
  const result = { busiest, p99Ms, lastMs: Math.max(...came) };
  context.diagnostic(JSON.stringify(result));
  return result;
}

test('of 500 subscribers that come at once no second lets in more than a tenth, and the registry answers others within a second', async (context) => {
  const { busiest, p99Ms } = await herd(context, {});
  assert.ok(busiest <= 0.1, `${busiest} in one second`);
  assert.ok(p99Ms < 1_000, `p99 ${p99Ms} ms`);
});

test('without admission they come in all together', async (context) => {
  const { busiest } = await herd(context, { streamsAtOnce: 1_000, streamsPerSecond: 1_000 });
  assert.ok(busiest > 0.3, `${busiest} in one second`);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { Explanation } from '@dure/proxy/gateway';
import { connectionLoad } from '../testing/connection-load.ts';
import { startSystem } from '../testing/start-system.ts';
import { askSupervisor } from './control-client.ts';

const harbour = join(import.meta.dirname, '..', '..', 'fixtures', 'harbour', 'system.ts');

test('while the gateway restarts, no new connection is refused and none is reset', { timeout: 90_000 }, async () => {
  await using system = await startSystem(harbour, { placement: 'each' });
  const before = system.pids.gateway;
  using load = connectionLoad(`${system.edge}/hello`, 8);
  const deadline = performance.now() + 60_000;
  for (let turn = 0; turn < 3 || (load.sent < 2_000 && performance.now() < deadline); turn += 1)
    await system.restart('gateway');
  const { sent, failures } = await load.stop();
  assert.deepEqual(failures, []);
  assert.ok(sent >= 2_000, `only ${sent} requests were sent`);
  assert.notEqual(system.pids.gateway, before);
});

test('when one of two gateways is killed, only requests in flight on it fail, and it comes back', {
  timeout: 90_000,
}, async () => {
  await using system = await startSystem(harbour, { placement: 'each', scale: { gateway: 2 } });
  const { gateway, 'gateway-2': second } = system.pids;
  assert.ok(gateway !== undefined && second !== undefined);
  using load = connectionLoad(`${system.edge}/hello`, 8);
  await wait(systemClock, 500);
  for (const name of ['gateway', 'gateway-2']) {
    const { failures, underway } = load;
    const known = failures.length;
    system.kill(name);
    await system.untilReady();
    await wait(systemClock, 300);
    assert.ok(failures.length - known <= underway, failures.slice(known).join(', '));
  }
  await load.stop();
  assert.ok(
    load.failures.every((failure) => /^(?:ECONNRESET|EPIPE)$/.test(failure)),
    load.failures.join(', '),
  );
  assert.ok(load.sent >= 100, `only ${load.sent} requests were sent`);
  assert.notEqual(system.pids.gateway, gateway);
  assert.notEqual(system.pids['gateway-2'], second);
});

/** An answer on a connection of its own. */
async function ask(url: string): Promise<{ status: number; id: string }> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  await response.bytes();
  return { status: response.status, id: response.headers.get('dure-request-id') ?? '' };
}

test('two gateways keep a limit together, and each request is explained whichever answered it', {
  timeout: 90_000,
}, async () => {
  await using system = await startSystem(harbour, { placement: 'each', scale: { gateway: 2 } });
  // No more than one of them alone would take from one client.
  const answers = await Promise.all(Array.from({ length: 120 }, () => ask(`${system.edge}/few`)));
  const taken = answers.filter(({ status }) => status === 200).length;
  assert.ok(taken >= 20 && taken <= 40, `${taken} of 40 requests were let through`);
  assert.equal(answers.filter(({ status }) => status === 429).length, 120 - taken);
  for (const { id, status } of answers) {
    const explained: Explanation = await askSupervisor(system.stateFolder, { ask: 'explain', id });
    assert.equal(explained.status, status);
  }
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectionLoad } from '../testing/connection-load.ts';
import { startSystem } from '../testing/start-system.ts';

const harbour = join(import.meta.dirname, '..', '..', 'fixtures', 'harbour', 'system.ts');
const least = 100_000;

test(`of ${least} requests, each on a new connection, none is refused or reset while gateways restart and scale`, {
  timeout: 850_000,
}, async (context) => {
  await using system = await startSystem(harbour, { placement: 'each' });
  using load = connectionLoad(`${system.edge}/hello`, 16);
  let turns = 0;
  const deadline = performance.now() + 800_000;
  while (load.sent < least && load.failures.length === 0 && performance.now() < deadline) {
    await system.restart('gateway');
    await system.scale({ gateway: turns % 2 === 0 ? 2 : 1 });
    turns += 1;
  }
  const { sent, failures } = await load.stop();
  context.diagnostic(`${sent} requests, ${turns} turns of a restart and a change of scale`);
  assert.deepEqual(failures, []);
  assert.ok(sent >= least, `only ${sent} requests were sent`);
});

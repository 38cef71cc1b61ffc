import { systemClock, systemRandom, wait } from '@dure/core';
import type { Registered } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from '../client/registry-client.ts';
import { startRegistry } from './start-registry.ts';

/** A registry of a cluster with instances of its own, that says all the time who is up: for the partition test. */
const [host = '', port = '', count = '', ...peers] = process.argv.slice(2);
const registry = await startRegistry({ peers }, Number(port), host);
const client = registryClient({
  url: registry.url,
  signer: registry.signer('stock'),
  clock: systemClock,
  random: systemRandom,
  telemetry: silentTelemetry(),
  renewalIntervalMs: 1_000,
  leaseMs: 10_000,
});
const registered: Registered[] = [];
for (let index = 0; index < Number(count); index += 1) {
  const instanceId = `stock:${host}:${index}`;
  registered.push(
    await client.register({ service: 'stock', instanceId, host, port: Number(port), managementPort: 1, metadata: {} }),
  );
}
process.stdin.once('data', () => void registered[0]?.close());
process.stdin.on('end', () => process.exit());
for (;;) {
  const up = client.instances('stock').map(({ id }) => id);
  process.stdout.write(`${JSON.stringify(up.sort())}\n`);
  await wait(systemClock, 50);
}

import { systemClock, systemRandom, wait } from '@dure/core';
import type { Registered } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from '../client/registry-client.ts';
import { startRegistry } from './start-registry.ts';

/**
 * A registry of a cluster with instances of its own, that says all the time who is up: for the partition tests. Its
 * options are one JSON argument.
 */
const { host, port, count, peers, selfPreservation, leaseMs, evictionIntervalMs } = JSON.parse(process.argv[2] ?? '{}');
const renewalIntervalMs = leaseMs / 6;
const expectedRenewalMs = renewalIntervalMs;
const registry = await startRegistry({ peers, selfPreservation, evictionIntervalMs, expectedRenewalMs }, port, host);
const client = registryClient({
  url: registry.url,
  signer: registry.signer('stock'),
  clock: systemClock,
  random: systemRandom,
  telemetry: silentTelemetry(),
  renewalIntervalMs,
  leaseMs,
});
const registered: Registered[] = [];
for (let index = 0; index < count; index += 1) {
  const instanceId = `stock:${host}:${index}`;
  registered.push(await client.register({ service: 'stock', instanceId, host, port, managementPort: 1, metadata: {} }));
}
process.stdin.once('data', () => void registered[0]?.close());
process.stdin.on('end', () => process.exit());
for (;;) {
  const up = client.instances('stock').map(({ id }) => id);
  process.stdout.write(`${JSON.stringify(up.sort())}\n`);
  await wait(systemClock, 50);
}

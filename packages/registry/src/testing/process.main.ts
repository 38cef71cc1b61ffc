import { systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from '../client/registry-client.ts';

/** A process that registers the instances it is told and then lives until it is killed: for the kill test. */
const [url = '', ...services] = process.argv.slice(2);
const client = registryClient({
  url,
  signer: { authorize: async () => `Bearer ${services[0] ?? ''}` },
  signerOf: (service) => ({ authorize: async () => `Bearer ${service}` }),
  clock: systemClock,
  random: systemRandom,
  telemetry: silentTelemetry(),
});
for (const service of services) {
  const instanceId = `${service}:${process.pid}`;
  await client.register({ service, instanceId, host: '127.0.0.1', port: 1, managementPort: 2, metadata: {} });
}
process.stdout.write('registered\n');

import { systemClock, systemRandom, wait } from '@dure/core';
import { service, startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from '../client/registry-client.ts';
import { stock } from './stock-contract.ts';

/** A process that serves and registers one instance of `stock` and then lives until it is killed: for the kill test. */
const [url = ''] = process.argv.slice(2);
const clock = systemClock;
const telemetry = silentTelemetry();
const signer = { authorize: async () => 'Bearer stock' };
const registry = registryClient({ url, signer, clock, random: systemRandom, telemetry });
const definition = service({
  contract: stock,
  start: () => ({
    async getStock() {
      await wait(clock, 5);
      return { by: process.pid };
    },
  }),
});
const platform = { instances: registry, signer };
const parts = serviceParts({ instanceId: `stock:${process.pid}`, mode: 'production', platform, registrar: registry });
const running = await startService(definition, parts);
await running.register();
process.stdout.write('registered\n');

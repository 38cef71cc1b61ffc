import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { service, startService } from '@dure/service/server';
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
const running = await startService(definition, {
  instanceId: `stock:${process.pid}`,
  host: '127.0.0.1',
  ports: { api: 0, management: 0 },
  mode: 'production',
  clock,
  random: systemRandom,
  ids: ids(clock, systemRandom),
  telemetry,
  platform: {
    instances: registry,
    signer,
    verifier: { verify: async (subject) => ({ kind: 'service', subject, roles: [], scopes: [] }) },
  },
  registrar: registry,
  config: undefined,
  uses: {},
  db: undefined,
  idempotency: undefined,
  routes: [],
  health: [],
  endpoints: [],
  graceMs: 200,
});
await running.register();
process.stdout.write('registered\n');

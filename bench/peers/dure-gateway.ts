import { staticInstance, staticInstances } from '@dure/balancer';
import { anonymous, ids, systemClock, systemRandom } from '@dure/core';
import { gatewayService } from '@dure/proxy/gateway';
import { startService } from '@dure/service/server';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import { stock } from './stock-contract.ts';

const [upstream = '', sampleRatio = '1'] = process.argv.slice(2);
const made = ids(systemClock, systemRandom);
const running = await startService(gatewayService({ exposes: [stock] }), {
  instanceId: 'gateway:1',
  host: '127.0.0.1',
  ports: { api: 0, management: 0 },
  mode: 'production',
  clock: systemClock,
  random: systemRandom,
  ids: made,
  telemetry: openTelemetry({
    service: 'gateway',
    instance: 'gateway:1',
    clock: systemClock,
    ids: made,
    random: systemRandom,
    stdout: stdoutSink(),
    level: 'info',
    sampleRatio: Number(sampleRatio),
  }),
  platform: {
    instances: staticInstances({ stock: [staticInstance('stock', `http://127.0.0.1:${upstream}`)] }),
    signer: { authorize: async () => '' },
    verifier: { verify: async () => anonymous },
  },
  registrar: undefined,
  config: {},
  uses: {},
  db: undefined,
  idempotency: undefined,
  routes: [],
  health: [],
  endpoints: [],
  graceMs: 100,
});
await running.register();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: running.port });
